import type { Tier } from '../tier.ts'

/** Runs at the times that one cron pattern names. */
export interface CalendarRule {
  /** What it is called to people and in the catalog: `daily`, or `cron 15 3 * * 1-5`. */
  readonly name: string
  /** The tier that its backups belong to; null: none. */
  readonly tier: Tier | null
  /** Five fields: minute, hour, day of the month, month, day of the week. */
  readonly pattern: string
  /** The method of its backups. Default: `full`. */
  readonly method?: 'full' | 'incremental'
}

export interface CalendarSchedule {
  /** At least one. */
  readonly rules: readonly CalendarRule[]
  /** Name in the IANA database, such as `Europe/Vienna`. */
  readonly timeZone: string
}

/**
 * When a cron pattern comes round. On a day on which the clock jumps no run is lost and none is doubled. A time of day
 * that is left out comes as soon as the gap is over, once for all that are left out; one that comes twice counts once,
 * the first time. What comes round in every hour of the day goes by the hours that pass: it runs in both of those that
 * are called the same, and an hour that is left out is none.
 */
export interface Calendar {
  /** The first time after `after`; null: never again. */
  next(pattern: string, timeZone: string, after: Date): Date | null
  /** The last time at or before `at`; null: never before. */
  previous(pattern: string, timeZone: string, at: Date): Date | null
}

/**
 * When the next interval backup is due: one interval after the last was started, at once where there was none or the
 * time has passed. A last start in the future (the clock was set back) counts as now, so that an interval is never
 * waited for longer than its length.
 */
export function nextDue (last: Date | null, interval: number, now: Date): Date {
  if (last === null) return now
  const from = Math.min(last.getTime(), now.getTime())
  return new Date(Math.max(from + interval, now.getTime()))
}
