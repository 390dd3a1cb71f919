import { isLive, type BackupOutline } from '../backup/backup.ts'
import { isFull } from './chains.ts'
import { isBefore, isSuspect, firstSuspect } from '../backup/suspicion.ts'

/** Backups that are made once in each pace may come so much earlier than that, as a share of it. */
const PACE_MARGIN = 0.1

export interface SurplusPolicy {
  /** null: no limit, so that nothing is over it. */
  readonly maxBackups: number | null
  /** Milliseconds between two backups of the source that no schedule made, for `maxBackups` to count both. */
  readonly pace: number
}

/**
 * Those of `order` that no schedule made, and that are closer than the pace to the one before that counts. `order`: as
 * `maxBackups` counts.
 */
export function outOfPace (order: readonly BackupOutline[], pace: number): ReadonlySet<BackupOutline> {
  const found = new Set<BackupOutline>()
  let last = Number.POSITIVE_INFINITY
  for (const backup of order) {
    const at = backup.startedAt.getTime()
    if (backup.type !== 'scheduled' && Math.abs(last - at) < pace * (1 - PACE_MARGIN)) found.add(backup)
    else last = at
  }
  return found
}

/**
 * How many full backups of one source stay over `maxBackups` because they were made by hand faster than the pace.
 * Pinned ones are counted here, since a pin keeps them, too. Pure, as all here.
 */
export function countSurplus (
  backups: readonly BackupOutline[],
  { maxBackups, pace }: SurplusPolicy,
  now: Date
): number {
  if (maxBackups === null) return 0
  return seriesOf(backups, now).reduce(
    (sum, series) => sum + Math.min(outOfPace(series, pace).size, Math.max(0, series.length - maxBackups)),
    0
  )
}

/**
 * The full backups of one source that may go where room is wanted: those that are over `maxBackups` because they were
 * made by hand faster than the pace, newest first, so that older ones are not pushed out by them. Never one that is
 * pinned, that is the newest or the newest verified one, that another is built on, that was good before a suspect, or
 * that a restore or a migration may have to be undone with.
 */
export function surplusOf (
  backups: readonly BackupOutline[],
  { maxBackups, pace }: SurplusPolicy,
  now: Date
): readonly BackupOutline[] {
  if (maxBackups === null) return []
  const live = newestFirst(backups, now)
  const suspect = firstSuspect(live)
  const parents = new Set(live.map(({ parentId }) => parentId))
  const stay = new Set([live[0], live.find(({ verification }) => verification.status === 'valid')])
  const isOpen = (backup: BackupOutline): boolean =>
    backup.type !== 'pre-migration' && !stay.has(backup) && !parents.has(backup.id) &&
    (isSuspect(backup) ? backup.id !== suspect?.id : suspect === null || !isBefore(backup, suspect))
  return seriesOf(live.filter(({ pinned }) => !pinned), now).flatMap(series =>
    [...outOfPace(series, pace)].filter(isOpen).slice(0, Math.max(0, series.length - maxBackups))
  )
}

/** The good ones and the suspects, each newest first. */
function seriesOf (backups: readonly BackupOutline[], now: Date): ReadonlyArray<readonly BackupOutline[]> {
  const live = newestFirst(backups, now)
  const full = live.filter(isFull)
  return [full.filter(backup => !isSuspect(backup)), full.filter(isSuspect)]
}

function newestFirst (backups: readonly BackupOutline[], now: Date): readonly BackupOutline[] {
  return backups.filter(backup => isLive(backup) && backup.startedAt <= now)
    .toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime() || b.id - a.id)
}
