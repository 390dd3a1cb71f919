import type { Backup } from './backup.ts'

/** What the choice asks of a backup that is there. */
export type Drillable = Pick<Backup, 'id' | 'startedAt' | 'verification'>

/** The last drill of one backup, whatever came of it and whether the backup is still there. */
export interface Drilled {
  readonly backupId: number
  /** Grows with each drill. */
  readonly drillId: number
}

export interface DrillChoice<B extends Drillable> {
  readonly backup: B
  readonly reason: string
}

/**
 * Which backup a drill that fell due takes: in turn the newest that was proven and not drilled yet, and one of the others:
 * the oldest that never was, and where there is none, the one whose last drill is longest ago. So what was just
 * made is tried soon, and nothing lies for years untried. One that is known to be damaged is left out while there is
 * another. undefined: there is no backup.
 */
export function chooseDrill<B extends Drillable> (backups: readonly B[], history: readonly Drilled[]): DrillChoice<B> | undefined {
  const whole = backups.filter(({ verification }) => verification.status !== 'invalid')
  const byAge = (whole.length === 0 ? backups : whole).toSorted((one, other) => one.startedAt.getTime() - other.startedAt.getTime() || one.id - other.id)
  const lastDrill = new Map(history.map(({ backupId, drillId }) => [backupId, drillId]))
  const untried = byAge.filter(({ id }) => !lastDrill.has(id))

  const newest = isTurnOfNewest(history) ? untried.findLast(({ verification }) => verification.status === 'valid') : undefined
  if (newest !== undefined) return { backup: newest, reason: 'the newest proven backup, which was never drilled' }
  const [oldest] = untried
  if (oldest !== undefined) return { backup: oldest, reason: 'the oldest backup that was never drilled' }
  const [longest] = byAge.toSorted((one, other) => (lastDrill.get(one.id) ?? 0) - (lastDrill.get(other.id) ?? 0))
  return longest === undefined ? undefined : { backup: longest, reason: 'the backup whose last drill is longest ago' }
}

/** Not where the last drill was of a backup newer than all that had been drilled: then it was the turn of that. */
function isTurnOfNewest (history: readonly Drilled[]): boolean {
  const last = history.reduce<Drilled | undefined>((found, one) => found === undefined || one.drillId > found.drillId ? one : found, undefined)
  return last === undefined || history.some(({ backupId }) => backupId > last.backupId)
}
