import { LONGEST_PAUSE, type CopyTask } from '../../core/backup/copy.ts'
import { toBackupError } from '../../core/errors.ts'
import { discardBackup } from '../artifacts/discard.ts'
import { offsiteKey } from '../artifacts/locations.ts'
import type { EngineDeps, OffsiteStore } from '../deps.ts'

/**
 * Removes a copy that is no longer wanted: manifest, then object. Where nothing is ever removed by us it is only
 * forgotten. What fails is written down with the time of the next attempt, and thrown.
 */
export async function removeCopy (
  deps: EngineDeps,
  task: CopyTask,
  { store, isAppendOnly }: OffsiteStore,
  signal: AbortSignal
): Promise<void> {
  const key = offsiteKey(task)
  try {
    if (!isAppendOnly) {
      const backup = await deps.catalog.backups.get(task.backupId)
      await discardBackup(deps, store, key, backup, signal)
    }
    await deps.catalog.copies.drop(task.backupId, store.name)
  } catch (thrown) {
    const { code, message } = toBackupError(signal.aborted ? signal.reason : thrown)
    const at = deps.clock.now()
    await deps.catalog.copies.fail(task.backupId, store.name, {
      code,
      message,
      at,
      nextAttemptAt: new Date(at.getTime() + LONGEST_PAUSE)
    })
    deps.events.emit({ type: 'operation.failed', operation: 'remove-copy', source: task.source, method: null, code })
    throw thrown
  }
}
