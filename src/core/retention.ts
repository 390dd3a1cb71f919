import { isLive, type Backup } from './backup.ts'

/** Calendar time: `1y6m`, `90d`, `12h`. Every part is a whole number, and one at least is not 0. */
export interface Duration {
  readonly years: number
  readonly months: number
  readonly days: number
  readonly hours: number
}

/** The newest backup of so many periods, or of every period that began within so long. */
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
  /** Whatever the rules say, so many good ones stay. */
  readonly minBackups: number
}

export interface RetentionPolicy {
  /** How many backups of the source stay; pinned ones are not counted. At least 1. */
  readonly maxBackups: number
}

export interface Retained {
  readonly backup: Backup
  readonly keep: boolean
  /** Why, one phrase each; never empty. */
  readonly reasons: readonly string[]
}

/**
 * Says for each backup of one source whether it stays, and why. Newest first. Pure: what is removed, and when, is the
 * caller's business.
 *
 * Whatever the policy says, the newest live backup and the newest one that was proven valid stay, and so does every
 * backup that a kept one is built on. Backups that are not live (failed, running, in the trash) are neither counted
 * nor listed. One that a later verification found damaged is counted last, so that it never pushes out a good one.
 */
export function applyRetention (backups: readonly Backup[], policy: RetentionPolicy, now: Date): readonly Retained[] {
  const live = backups.filter(isLive).toSorted(newestFirst)
  const reasons = new Map<number, string[]>()
  const keep = (backup: Backup | undefined, reason: string): void => {
    if (backup !== undefined) reasons.set(backup.id, [...reasons.get(backup.id) ?? [], reason])
  }

  for (const backup of live) if (backup.pinned) keep(backup, 'pinned')
  for (const backup of live) if (backup.startedAt > now) keep(backup, 'made in the future of this clock')
  const counted = [...live.filter(isNotDamaged), ...live.filter(backup => !isNotDamaged(backup))].filter(backup => !backup.pinned)
  for (const [index, backup] of counted.entries()) {
    if (index < policy.maxBackups) keep(backup, `number ${index + 1} of the ${policy.maxBackups} that maxBackups keeps`)
  }
  keep(live[0], 'newest backup')
  keep(live.find(backup => backup.verification.status === 'valid'), 'newest verified backup')
  for (const backup of live) {
    if (!reasons.has(backup.id)) continue
    for (const parent of ancestors(backup, live)) keep(parent, `backup ${backup.id} is built on it`)
  }

  return live.map(backup => {
    const why = reasons.get(backup.id)
    return { backup, keep: why !== undefined, reasons: why ?? [`beyond the ${policy.maxBackups} that maxBackups keeps`] }
  })
}

function newestFirst (a: Backup, b: Backup): number {
  return b.startedAt.getTime() - a.startedAt.getTime() || b.id - a.id
}

function isNotDamaged (backup: Backup): boolean {
  return backup.verification.status !== 'invalid'
}

function ancestors (backup: Backup, all: readonly Backup[]): Backup[] {
  const chain: Backup[] = []
  let parent = all.find(other => other.id === backup.parentId)
  while (parent !== undefined && !chain.includes(parent)) {
    chain.push(parent)
    const next = parent.parentId
    parent = all.find(other => other.id === next)
  }
  return chain
}

/** As people write it: `1y6m`, `90d`. */
export function formatDuration ({ years, months, days, hours }: Duration): string {
  const parts = [[years, 'y'], [months, 'm'], [days, 'd'], [hours, 'h']] as const
  return parts.filter(([number]) => number > 0).map(([number, unit]) => `${number}${unit}`).join('')
}
