import type { CopyTask } from '../../core/backup/copy.ts'
import { restoreNoteText } from '../../core/restore/restore-note.ts'
import type { EngineDeps, OffsiteStore } from '../deps.ts'
import { copyLock } from '../jobs/locks.ts'
import type { JobVerbs } from '../jobs/verbs.ts'
import { refreshManifest } from './copy-backup.ts'
import { isEmpty, leaveNote } from './restore-note.ts'
import { removeCopy } from './retire-copies.ts'
import { emptied } from './survey-store.ts'
import type { ReplicationVerbs } from './verbs.ts'

/**
 * Does one thing that is to be done in a store: brings a copy there as a job of its own, writes a manifest anew, or
 * removes what is no longer wanted. What another job is at work on is left to that job. An aborted signal cancels it.
 */
export async function performCopyTask (
  deps: EngineDeps,
  engine: Pick<ReplicationVerbs & JobVerbs, 'upload' | 'cancel'>,
  offsite: OffsiteStore,
  task: CopyTask,
  signal: AbortSignal
): Promise<void> {
  const { name } = offsite.store
  if (task.status === 'removing' || task.status === 'stored') {
    const lock = await deps.runner.locks.tryLock([copyLock(task.backupId, name)])
    if (lock === undefined) return
    try {
      await deps.ownership.require(offsite.store, signal)
      await (task.status === 'removing'
        ? removeCopy(deps, task, offsite, signal)
        : refreshManifest(deps, task.backupId, offsite, signal))
    } finally {
      await lock.release()
    }
    return
  }
  const { job, result } = await engine.upload(task.backupId, { store: name, isOwn: true })
  const cancel = (): void => {
    engine.cancel(job.id).catch(() => {})
  }
  signal.addEventListener('abort', cancel, { once: true })
  try {
    if (signal.aborted) cancel()
    await result
  } catch (thrown) {
    // It was not given up, only left for the next process.
    if (signal.aborted) await deps.catalog.copies.requeue(task.backupId, name)
    throw thrown
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

/**
 * Makes a store ready to take copies, and removes what an earlier process left half written there. A store that should
 * hold copies, and holds nothing, is not made anew: `STORE_UNAVAILABLE`. Tells there how to restore what is in it.
 */
export async function openOffsite (
  deps: EngineDeps,
  { store, isAppendOnly }: OffsiteStore,
  signal: AbortSignal
): Promise<void> {
  const known = (await deps.catalog.copies.counts()).find(one => one.store === store.name)?.stored ?? 0
  if (known > 0 && await isEmpty(store, signal)) throw emptied(store, known)
  // A directory is made before it is claimed, and nothing is made in one that is another installation's.
  if ((await deps.ownership.inspect(store, signal)).state === 'unclaimed') await store.open(signal)
  await deps.ownership.require(store, signal)
  await store.open(signal)
  // A store that does not take it takes copies all the same; the next process tries again.
  await leaveNote(store, { isAppendOnly, text: restoreNoteText(deps.kinds.values()) }, signal).catch(() => {})
}
