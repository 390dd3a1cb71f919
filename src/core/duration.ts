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
