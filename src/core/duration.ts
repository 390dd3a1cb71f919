import { BackupError } from './errors.ts'

/** Calendar time: `1y6mo`, `90d`, `12h`. Every part is a whole number, and one at least is not 0. */
export interface Duration {
  readonly years: number
  readonly months: number
  readonly days: number
  readonly hours: number
}

/** As people write it: `1y6mo`, `90d`. */
export function formatDuration ({ years, months, days, hours }: Duration): string {
  const parts = [[years, 'y'], [months, 'mo'], [days, 'd'], [hours, 'h']] as const
  return parts.filter(([number]) => number > 0).map(([number, unit]) => `${number}${unit}`).join('')
}

/**
 * The time that people write: `7y`, `1y6mo`, `4w` (28 days), `90d`, `12h`; the units from the largest down, each once
 * at most. `m` is the old unit of months. Throws `VALIDATION_FAILED` for anything else, and for no time at all.
 */
export function parseDuration (text: string): Duration {
  const parts = /^(?:(\d{1,4})y)?(?:(\d{1,4})mo?)?(?:(\d{1,4})w)?(?:(\d{1,5})d)?(?:(\d{1,6})h)?$/.exec(text)
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0] =
    parts?.slice(1).map((part: string | undefined) => Number(part ?? 0)) ?? []
  if (years + months + weeks + days + hours > 0) return { years, months, days: weeks * 7 + days, hours }
  throw new BackupError('VALIDATION_FAILED', `"${text}" is not a duration`, {
    hint: 'Give numbers with y, mo, w, d or h, the largest unit first, such as 30d, 12h or 1y6mo.'
  })
}

/** Milliseconds of each unit. */
export const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
export type SpanUnit = keyof typeof UNIT_MS

/**
 * Milliseconds of a whole number of at most `digits` digits, followed by one of these units: `15s`, `90d`. undefined:
 * the text has another form.
 */
export function parseSpan (text: string, units: readonly SpanUnit[], digits = 9): number | undefined {
  const [, count = '', given] = /^(\d+)([a-z]{1,2})$/.exec(text) ?? []
  const unit = units.find(one => one === given)
  return unit === undefined || count.length > digits ? undefined : Number(count) * UNIT_MS[unit]
}

/** Units of printed times, the largest first. */
const PRINTED = [[UNIT_MS.d, 'd'], [UNIT_MS.h, 'h'], [UNIT_MS.m, 'min'], [UNIT_MS.s, 's']] as const

/** A span of milliseconds for people, in its two largest units: `3 d 4 h`. Less than a second is `0 s`. */
export function inSpan (ms: number): string {
  let rest = Math.max(0, ms)
  const parts = PRINTED.map(([length, unit]) => {
    const count = Math.floor(rest / length)
    rest -= count * length
    return { count, unit }
  })
  const first = parts.findIndex(({ count }) => count > 0)
  if (first === -1) return '0 s'
  return parts.slice(first, first + 2).filter(({ count }) => count > 0).map(({ count, unit }) => `${count} ${unit}`)
    .join(' ')
}

/** A span in the largest unit that has no remainder: `90 min`, `6 h`, `1500 ms`. */
export function inOneUnit (ms: number): string {
  const [length, unit] = PRINTED.find(([length]) => ms % length === 0) ?? [1, 'ms']
  return `${ms / length} ${unit}`
}

/** A span in its largest unit, rounded down: `2 h`. Less than a second is `0 s`. */
export function inLargestUnit (ms: number): string {
  const [length, unit] = PRINTED.find(([length]) => ms >= length) ?? [UNIT_MS.s, 's']
  return `${Math.floor(ms / length)} ${unit}`
}

/** How long something took: `12.4 s`; from a minute on as `inSpan`. */
export function inDuration (ms: number): string {
  return ms < UNIT_MS.m ? `${(ms / 1000).toFixed(1)} s` : inSpan(ms)
}
