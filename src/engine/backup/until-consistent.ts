import type { Backup } from '../../core/backup/backup.ts'
import { cleanupSignal } from '../../core/cleanup-signal.ts'
import { toBackupError, type ErrorCode } from '../../core/errors.ts'
import type { Task } from '../../core/job.ts'
import { inconsistencyOf, type Verification } from '../../core/ports/verification.ts'
import type { EngineDeps } from '../deps.ts'
import type { PutState } from './store-parts.ts'

/** Snapshots of one backup at most. */
const MOST_ATTEMPTS = 3

/**
 * Calls `attempt`, which stores and verifies a snapshot, until the parts of the snapshot fit together, at most three
 * times; the last snapshot is kept as it is. One before it is removed from the store and recorded in the log of the
 * job. A snapshot that was not verified, is damaged, or could not be checked is not taken again. Rejects as `attempt`
 * does, and with what the store throws on removal.
 */
export async function untilConsistent<T extends { readonly verification: Verification | null }> (
  deps: EngineDeps,
  row: Backup,
  put: PutState,
  { jobId, signal }: Pick<Task, 'jobId' | 'signal'>,
  attempt: () => Promise<T>
): Promise<T> {
  for (let number = 1;; number++) {
    const taken = await attempt()
    const { verification } = taken
    const found = inconsistencyOf(verification?.checks ?? [])
    if (verification?.valid !== true || found?.consistency !== 'inconsistent' || number === MOST_ATTEMPTS) return taken
    await record(deps, row, jobId, `snapshot ${number} of at most ${MOST_ATTEMPTS}: ${found.reason ?? found.name}`)
    for (const key of [...put.parts.keys()]) {
      await deps.store.remove(key, cleanupSignal())
      put.parts.delete(key)
    }
    signal.throwIfAborted()
  }
}

async function record (deps: EngineDeps, row: Backup, jobId: number, text: string): Promise<void> {
  const report = (operation: string, code: ErrorCode): void => {
    deps.events.emit({ type: 'operation.failed', operation, source: row.source, method: row.method, code })
  }
  report('snapshot', 'BACKUP_INCONSISTENT')
  try {
    await deps.catalog.jobs.addLog(jobId, { at: deps.clock.now(), text })
  } catch (thrown) {
    // The backup is worth more than its log.
    report('log', toBackupError(thrown).code)
  }
}
