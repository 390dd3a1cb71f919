import { zoneOf } from '../core/zone.ts'
import type { Screen } from './screen.ts'
import type { Column } from './table.ts'
import { inAge, inMinutes, inSeconds } from './words.ts'

type Where = Pick<Screen, 'now' | 'timeZone'>

/** Names of the zone whose clock shows UTC at every time. */
const UTC = /^(?:Etc\/)?(?:UTC|UCT|GMT|Universal|Zulu)$/

/** The column with the local time goes before every other one where a table is too wide. */
const FIRST_TO_GO = 99

/**
 * A time in UTC, in the time zone of the reader, and as an age, such as
 * `2025-11-24 23:30:00 UTC (2025-11-25 00:30 local, 2 h ago)`.
 * The local day is left out where it is that of UTC, and the local time where the zone is UTC.
 */
export function inTime (time: Date, { now, timeZone }: Where): string {
  return `${inSeconds(time)} UTC (${UTC.test(timeZone) ? '' : `${localBeside(time, timeZone)} local, `}${
    inAge(time, now)
  })`
}

/** The local time, without its day where that is the day of UTC. */
function localBeside (time: Date, timeZone: string): string {
  const [utc, local] = [inMinutes(time), inLocalMinutes(time, timeZone)]
  return local.slice(0, 10) === utc.slice(0, 10) ? local.slice(11) : local
}

/** On the clock of the zone, to the minute: `2025-11-25 00:30`. */
function inLocalMinutes (time: Date, timeZone: string): string {
  return inMinutes(new Date(time.getTime() + zoneOf(timeZone).stretchAt(time.getTime()).offset))
}

/** One time of each row as columns of a table: in UTC, local unless the zone is UTC, and the age. null: none. */
export function timeColumns<Row> (
  title: string,
  timeOf: (row: Row) => Date | null,
  where: Where,
  age: Pick<Column<Row>, 'expendable'>
): ReadonlyArray<Column<Row>> {
  return [
    { title: `${title} (UTC)`, cell: textOf(timeOf, inMinutes), isWhole: true },
    ...localColumn(timeOf, where),
    { title: 'AGE', align: 'right', cell: textOf(timeOf, time => inAge(time, where.now)), ...age }
  ]
}

/** The column with the local time, for one that has the time in UTC before it. None where the zone is UTC. */
export function localColumn<Row> (
  timeOf: (row: Row) => Date | null,
  { timeZone }: Pick<Where, 'timeZone'>
): ReadonlyArray<Column<Row>> {
  if (UTC.test(timeZone)) return []
  return [{
    title: 'LOCAL',
    cell: textOf(timeOf, time => inLocalMinutes(time, timeZone)),
    expendable: FIRST_TO_GO
  }]
}

function textOf<Row> (timeOf: (row: Row) => Date | null, inText: (time: Date) => string): (row: Row) => string {
  return row => {
    const time = timeOf(row)
    return time === null ? '' : inText(time)
  }
}
