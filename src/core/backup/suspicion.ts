import { isLive, type BackupOutline } from './backup.ts'

/** Whether the backup is not like those before it or not known to be consistent, and was not released. */
export function isSuspect ({ suspicion }: Pick<BackupOutline, 'suspicion'>): boolean {
  return suspicion !== null && suspicion.releasedAt === null
}

/**
 * Whether a suspect keeps what was good before it from being removed. One that was made before a migration or a restore
 * does not: it is made of a database that somebody is about to put right, often because it is broken.
 */
export function holdsOthers (backup: Pick<BackupOutline, 'type' | 'suspicion'>): boolean {
  return isSuspect(backup) && backup.type !== 'pre-migration'
}

/** The oldest backup there is that keeps others from being removed. */
export function firstSuspect (backups: readonly BackupOutline[]): BackupOutline | null {
  const [first = null] = backups.filter(backup => isLive(backup) && holdsOthers(backup)).toSorted((a, b) =>
    isBefore(a, b) ? -1 : 1
  )
  return first
}

/** Whether the one was started before the other. */
export function isBefore (
  one: Pick<BackupOutline, 'id' | 'startedAt'>,
  other: Pick<BackupOutline, 'id' | 'startedAt'>
): boolean {
  return one.startedAt < other.startedAt || (one.startedAt.getTime() === other.startedAt.getTime() && one.id < other.id)
}
