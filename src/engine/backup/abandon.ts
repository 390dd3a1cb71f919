import type { Backup } from '../../core/backup/backup.ts'
import { toBackupError, type BackupError } from '../../core/errors.ts'
import type { EngineDeps } from '../deps.ts'
import { discardBackup, takeBack } from '../artifacts/discard.ts'
import type { PutState } from './store-parts.ts'

/**
 * Leaves nothing of this job in the store, and a row that says why. Where even that fails, the row stays undecided:
 * housekeeping tries again, and the caller hears of the first error.
 */
export async function abandonBackup (deps: EngineDeps, row: Backup, put: PutState, error: BackupError): Promise<void> {
  reportFailure(deps, row, error)
  try {
    const states = [...put.parts.values()]
    if (states.includes('maybe')) await discardBackup(deps, deps.store, row.key, row)
    else if (states.length > 0) await takeBack(deps.store, row.key, row, [...put.parts.keys()])
    const now = await deps.catalog.backups.get(row.id)
    const failed = now.status === 'in_progress'
      ? await deps.catalog.backups.fail(row.id, {
        code: error.code,
        message: error.message,
        failedAt: deps.clock.now()
      })
      : now
    deps.events.emit({ type: 'backup.failed', backup: failed, code: error.code })
  } catch (thrown) {
    deps.events.emit({
      type: 'operation.failed',
      operation: 'discard',
      source: row.source,
      method: row.method,
      code: toBackupError(thrown).code
    })
  }
}

/** Emits the event of a failed backup, for logs and metrics. */
export function reportFailure (deps: EngineDeps, row: Backup, { code }: BackupError): void {
  deps.events.emit({ type: 'operation.failed', operation: 'create', source: row.source, method: row.method, code })
}
