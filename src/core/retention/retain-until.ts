import type { Backup } from '../backup/backup.ts'
import type { Duration } from '../duration.ts'
import type { Tier } from '../tier.ts'
import { Periods } from './period.ts'
import type { Keep, RetentionRules } from './rules.ts'

const ONE: Readonly<Record<Tier, Duration>> = {
  hourly: { years: 0, months: 0, days: 0, hours: 1 },
  daily: { years: 0, months: 0, days: 1, hours: 0 },
  weekly: { years: 0, months: 0, days: 7, hours: 0 },
  monthly: { years: 0, months: 1, days: 0, hours: 0 },
  yearly: { years: 1, months: 0, days: 0, hours: 0 }
}

/**
 * Until when the rules are sure to keep a backup that was made now, so that it may be locked for so long: as far as the
 * rule of its own tier reaches, or `within`, whichever is longer. undefined: no rule says so; whoever keeps backups by
 * their number alone cannot say for how long. Pure.
 */
export function retainUntil (
  { schedule, startedAt }: Pick<Backup, 'schedule' | 'startedAt'>,
  rules: RetentionRules | null,
  now: Date
): Date | undefined {
  if (rules === null) return undefined
  const keep = schedule === null ? undefined : rules[schedule]
  const reaches = [
    ...keep === undefined || schedule === null ? [] : [reach(schedule, keep)],
    ...rules.within === undefined ? [] : [rules.within]
  ]
  const calendar = new Periods('UTC')
  const ends = reaches.map(duration => calendar.after(startedAt, duration)).filter(end => end > now)
  return ends.length === 0 ? undefined : new Date(Math.max(...ends.map(Number)))
}

function reach (tier: Tier, keep: Keep): Duration {
  if (typeof keep !== 'number') return keep
  const { years, months, days, hours } = ONE[tier]
  return { years: years * keep, months: months * keep, days: days * keep, hours: hours * keep }
}
