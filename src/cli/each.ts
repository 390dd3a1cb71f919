import { ERRORS, toBackupError, type BackupError } from '../core/errors.ts'

export interface EachOutcome<T> {
  readonly done: readonly T[]
  readonly failures: ReadonlyArray<{ readonly backupId: number, readonly error: BackupError }>
}

/**
 * Does the same to several backups, one after the other; one that fails does not keep the next from its turn, but
 * whoever interrupts ends it all. Of one alone the failure is that of the whole.
 */
export async function each<T> (ids: readonly number[], work: (id: number) => Promise<T>): Promise<EachOutcome<T>> {
  const done: T[] = []
  const failures: Array<{ readonly backupId: number, readonly error: BackupError }> = []
  for (const backupId of ids) {
    try {
      done.push(await work(backupId))
    } catch (thrown) {
      const error = toBackupError(thrown)
      if (ids.length === 1 || error.code === 'CANCELLED' || ERRORS[error.code].exit === 1) throw thrown
      failures.push({ backupId, error })
    }
  }
  return { done, failures }
}

/** For the audit log: `backup 12`, `backups 12, 13`. */
export function targetOf (ids: readonly number[]): string {
  return `backup${ids.length === 1 ? '' : 's'} ${ids.join(', ')}`
}
