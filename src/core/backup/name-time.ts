import { zoneOf } from '../zone.ts'

/**
 * The day, as `20251124` or `2025-11-24`, and the time of the day after it, with or without seconds:
 * `_233000`, `-2330`, `_23-30-00`, `T23-30-00`, `T233000Z`.
 */
const NAME_TIME =
  /(?<!\d)((?:19|20)\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?:([T_ -])([01]\d|2[0-3])([-_.:]?)([0-5]\d)(?:\7([0-5]\d))?(?:[.,]\d{1,9})?(Z)?)?(?!\d)/gi

/**
 * The time in the name of a file, as scripts write it; undefined: there is none. A time with `T` between day and time
 * is UTC, as `toISOString` of JavaScript writes it and Holdfast itself; every other one is that of the clock in
 * `timeZone`. A day alone is its beginning. Of several the last one counts.
 */
export function timeInName (name: string, timeZone: string): Date | undefined {
  const found = [...name.matchAll(NAME_TIME)].flatMap(match => timeOf(match, timeZone) ?? [])
  return found.at(-1)
}

function timeOf (match: RegExpExecArray, timeZone: string): Date | undefined {
  const [, year, , month, day, separator = '', hours = '0', , minutes = '0', seconds = '0', zone] = match
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day))
  // The thirtieth of February is another day.
  if (new Date(date).getUTCDate() !== Number(day)) return undefined
  const local = date + ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
  const isUtc = separator.toUpperCase() === 'T' || zone !== undefined
  return new Date(isUtc ? local : zoneOf(timeZone).instantOf(local))
}
