import { InvalidArgumentError } from 'commander'
import { UNIT_MS } from '../core/duration.ts'
import { zoneOf } from '../core/zone.ts'
import type { Screen } from './screen.ts'

const DAY = UNIT_MS.d
/** Milliseconds, by every name of the unit. */
const UNITS: Readonly<Record<string, number>> = {
  ...named(UNIT_MS.s, 's', 'sec', 'secs', 'second', 'seconds'),
  ...named(UNIT_MS.m, 'm', 'min', 'mins', 'minute', 'minutes'),
  ...named(UNIT_MS.h, 'h', 'hour', 'hours'),
  ...named(DAY, 'd', 'day', 'days'),
  ...named(7 * DAY, 'w', 'week', 'weeks')
}

/** Completes the help of an option. */
export const PAST_TIMES = '2025-11-10, 2025-11-10T14:30:00Z, 7d, "2 hours ago", yesterday'

/**
 * A time that a user gives: a day in UTC, a time with its zone (both ISO 8601), a span before now, or a word. `today`
 * and `yesterday` begin at midnight on the clock of the reader. Throws `InvalidArgumentError` for anything else.
 */
export function parsePastTime (text: string, { now, timeZone }: Pick<Screen, 'now' | 'timeZone'>): Date {
  const words = text.trim().toLowerCase().replace(/\s+ago$/, '')
  const [, count, unit = ''] = /^(\d{1,6})\s*([a-z]+)$/.exec(words) ?? []
  const time = count !== undefined
    ? new Date(now.getTime() - Number(count) * (UNITS[unit] ?? Number.NaN))
    : words === 'now'
    ? now
    : words === 'today' || words === 'yesterday'
    ? midnight(now, timeZone, words === 'today' ? 0 : 1)
    : instantOf(text)
  if (!Number.isNaN(time.getTime())) return time
  throw new InvalidArgumentError(
    'Give a day, such as 2025-11-10, a time with its zone, such as 2025-11-10T14:30:00Z, a span before now, such as 7d or "2 hours ago", or yesterday.'
  )
}

function named (ms: number, ...names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map(name => [name, ms]))
}

function instantOf (text: string): Date {
  const isInstant = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
  return new Date(isInstant ? text : Number.NaN)
}

/** The begin of a day on the clock of the zone, so many days ago. */
function midnight (now: Date, timeZone: string, daysAgo: number): Date {
  const zone = zoneOf(timeZone)
  const local = now.getTime() + zone.stretchAt(now.getTime()).offset
  return new Date(zone.instantOf((Math.floor(local / DAY) - daysAgo) * DAY))
}
