import { BackupError } from '../core/errors.ts'
import type { BackupRow } from './backup-row.ts'

type State = Pick<BackupRow, 'id' | 'status' | 'trashed_at' | 'deleted_at' | 'suspect_reasons' | 'released_at'>

/**
 * Which change of state a backup allows. Each throws what stands in the way; all are asked inside the transaction
 * that makes the change, so that no other change can come between.
 */

/** `CATALOG_FAILED`: only the work that began a backup ends it, once. */
export function checkRunning (backup: State): void {
  if (backup.status !== 'in_progress') {
    throw new BackupError('CATALOG_FAILED', `backup ${backup.id} is already ${backup.status}`)
  }
}

/** `BACKUP_DELETED` */
export function checkNotGone (backup: State): void {
  if (backup.deleted_at !== null) {
    throw new BackupError('BACKUP_DELETED', `backup ${backup.id} was removed at ${backup.deleted_at}`)
  }
}

/** `BACKUP_NOT_COMPLETED`: there is no object, or not yet. */
export function checkEnded (backup: State): void {
  if (backup.status === 'in_progress') {
    throw new BackupError('BACKUP_NOT_COMPLETED', `backup ${backup.id} is still running`)
  }
}

/** `BACKUP_NOT_COMPLETED` */
export function checkCompleted (backup: State): void {
  checkEnded(backup)
  if (backup.status === 'failed') throw new BackupError('BACKUP_NOT_COMPLETED', `backup ${backup.id} failed`)
}

/** `BACKUP_DELETED`: it went into the trash before. */
export function checkNotTrashed (backup: State): void {
  if (backup.trashed_at !== null) {
    throw new BackupError('BACKUP_DELETED', `backup ${backup.id} is in the trash since ${backup.trashed_at}`, {
      hint: 'Restore it from the trash before its grace period ends.'
    })
  }
}

/** `BACKUP_NOT_SUSPECT` */
export function checkSuspect (backup: State): void {
  if (backup.suspect_reasons === null) throw new BackupError('BACKUP_NOT_SUSPECT', `backup ${backup.id} is not suspect`)
  if (backup.released_at !== null) {
    throw new BackupError('BACKUP_NOT_SUSPECT', `backup ${backup.id} was declared good at ${backup.released_at}`)
  }
}

/** `BACKUP_NOT_IN_TRASH` */
export function checkTrashed (backup: State): void {
  if (backup.trashed_at === null) {
    throw new BackupError('BACKUP_NOT_IN_TRASH', `backup ${backup.id} is not in the trash`)
  }
}
