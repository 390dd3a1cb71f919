import type { BackupOutline } from '../backup/backup.ts'
import { formatDuration, type Duration } from '../duration.ts'
import { TIERS, type Tier } from '../tier.ts'
import { isFull, newestFirst, type Chains } from './chains.ts'
import type { Periods } from './period.ts'

/** The newest backup of so many periods that have one, or of every period whose newest is no older than that. */
export type Keep = number | Duration

/** Which scheduled backups stay. At least one of the rules is given. */
export interface RetentionRules {
  /** The newest so many. */
  readonly last?: number
  readonly hourly?: Keep
  readonly daily?: Keep
  readonly weekly?: Keep
  readonly monthly?: Keep
  readonly yearly?: Keep
  /** Every one that is no older. */
  readonly within?: Duration
  /** Whatever the rules say, so many good full ones stay. */
  readonly minBackups: number
}

type Choose = (backup: BackupOutline, reason: string) => void

/** What the rules choose of `choosable`, and what is outside them, with the reasons. */
export function chooseByRules (
  series: readonly BackupOutline[],
  choosable: readonly BackupOutline[],
  rules: RetentionRules,
  calendar: Periods,
  chains: Chains,
  now: Date
): ReadonlyMap<BackupOutline, readonly string[]> {
  const chosen = new Map<BackupOutline, string[]>()
  const choose: Choose = (backup, reason) => {
    chosen.set(backup, [...chosen.get(backup) ?? [], reason])
  }
  const scheduled = choosable.filter(({ type }) => type === 'scheduled')
  const isSound = (backup: BackupOutline): boolean => chains.isSound(backup)
  const good = scheduled.filter(isSound)

  for (const backup of choosable) if (backup.type !== 'scheduled') choose(backup, `${backup.type}: outside the rules`)
  for (const [index, backup] of good.slice(0, rules.last ?? 0).entries()) {
    choose(backup, `number ${index + 1} of the last ${rules.last ?? 0}`)
  }
  for (const tier of TIERS) {
    const rule = rules[tier]
    if (rule !== undefined) chooseNewestOfEach(good, tier, rule, calendar, now, choose)
  }
  if (rules.within !== undefined) {
    const since = calendar.before(now, rules.within)
    for (const backup of good) if (backup.startedAt >= since) choose(backup, `within ${formatDuration(rules.within)}`)
  }

  const newestGood = series.find(backup => isSound(backup) && backup.startedAt <= now)
  for (const backup of scheduled) {
    if (!isSound(backup) && (newestGood === undefined || newestFirst(newestGood, backup) > 0)) {
      choose(backup, 'damaged, but nothing newer is good')
    }
  }
  const isOpen = new Set(choosable)
  const staying = new Set(
    series.filter(backup => chosen.has(backup) || !isOpen.has(backup)).map(backup => chains.headOf(backup))
  )
  const missing = rules.minBackups - series.filter(backup => staying.has(backup) && isSound(backup)).length
  const heads = good.filter(backup => chains.headOf(backup) === backup && !staying.has(backup))
  for (const backup of heads.slice(0, Math.max(0, missing))) {
    choose(backup, `one of ${rules.minBackups} (minBackups)`)
  }
  return chosen
}

/**
 * Chooses one backup of each period: of so many periods that have one, or of all where it is young enough. It is the
 * newest full one, of an hour the newest of any sort; where there is no full one, the newest increment.
 */
function chooseNewestOfEach (
  good: readonly BackupOutline[],
  tier: Tier,
  rule: Keep,
  calendar: Periods,
  now: Date,
  choose: Choose
): void {
  const since = typeof rule === 'number' ? null : calendar.before(now, rule)
  const periods = Map.groupBy(good, ({ startedAt }) => calendar.periodOf(tier, startedAt))
  for (const [index, [period, backups]] of [...periods].entries()) {
    const backup = (tier === 'hourly' ? undefined : backups.find(isFull)) ?? backups[0]
    if (backup === undefined) continue
    if (typeof rule === 'number' && index < rule) {
      choose(backup, `${tier}: newest of ${period}, number ${index + 1} of ${rule}`)
    }
    if (since !== null && typeof rule !== 'number' && backup.startedAt >= since) {
      choose(backup, `${tier}: newest of ${period}, within ${formatDuration(rule)}`)
    }
  }
}
