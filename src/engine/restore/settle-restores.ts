import { BackupError, toBackupError } from '../../core/errors.ts'
import type { Restore } from '../../core/restore/restore.ts'
import { recordedManifest } from '../artifacts/objects.ts'
import type { EngineDeps } from '../deps.ts'
import { backupLock, sourceLock } from '../jobs/locks.ts'
import { settleSet } from './set/settle-set.ts'
import { requireKept, settleUndo } from './undo-restore.ts'

/**
 * Decides every restore that says `running` although nobody works on it, and puts right what it left beside the
 * database, which is as it was, or restored whole. One that cannot be put right stays undecided, with an event
 * `operation.failed`.
 */
export async function settleRestores (deps: EngineDeps): Promise<readonly Restore[]> {
  const settled: Restore[] = []
  for (const running of await deps.catalog.restores.running()) {
    const { id, backupId } = running
    const lock = await deps.runner.locks.tryLock(locksOf(running))
    if (lock === undefined) continue
    try {
      // It may have ended since the rows were read.
      const restore = await deps.catalog.restores.get(id)
      if (restore.status === 'running') settled.push(await interrupted(deps, restore))
    } catch (thrown) {
      const { source, method } = await deps.catalog.backups.get(backupId)
      deps.events.emit({
        type: 'operation.failed',
        operation: 'restore',
        source,
        method,
        code: toBackupError(thrown).code
      })
    } finally {
      await lock.release()
    }
  }
  await settleUndos(deps)
  return settled
}

/** An undo during which the service ended. */
async function settleUndos (deps: EngineDeps): Promise<void> {
  for (const { id, source, backupId } of await deps.catalog.restores.undoing()) {
    const lock = await deps.runner.locks.tryLock([sourceLock(source)])
    if (lock === undefined) continue
    try {
      const restore = await deps.catalog.restores.get(id)
      if (restore.undoStartedAt !== null && restore.undoneAt === null) {
        await settleUndo(deps, await requireKept(deps, id))
      }
    } catch (thrown) {
      const { method } = await deps.catalog.backups.get(backupId)
      const { code } = toBackupError(thrown)
      deps.events.emit({ type: 'operation.failed', operation: 'restore', source, method, code })
    } finally {
      await lock.release()
    }
  }
}

/** Those of the restore itself. */
function locksOf ({ backupId, members }: Restore): readonly string[] {
  const replaced = members.filter(({ mode }) => mode !== 'file')
  return [backupLock(backupId), ...replaced.map(({ name }) => sourceLock(name))]
}

async function interrupted (deps: EngineDeps, restore: Restore): Promise<Restore> {
  if (restore.kind === 'drill') return await interruptedDrill(deps, restore.id)
  if (restore.members.length > 0) return await settleSet(deps, restore)
  const { id, backupId, target, aside, safetyBackupId } = restore
  const restorer = deps.kinds.get((await recordedManifest(deps, backupId)).source.kind)?.restorer
  const isReplaced = aside !== null && await restorer?.settle(target, aside) === true
  const isKept = isReplaced && !await isSecured(deps, safetyBackupId)
  if (isReplaced && !isKept) await restorer?.discard(aside)
  const error = new BackupError(
    'INTERRUPTED',
    isReplaced
      ? 'interrupted: the service ended after the backup was restored'
      : 'interrupted: the service ended during the restore; the target is either unchanged or completely restored'
  )
  const failed = await deps.catalog.restores.fail(id, {
    code: error.code,
    message: error.message,
    aside: isKept ? aside : null,
    at: deps.clock.now()
  })
  deps.events.emit({ type: 'restore.failed', restore: failed, code: error.code })
  return failed
}

/** It says nothing about the backup; its file in scratch space goes with those of the process. */
async function interruptedDrill (deps: EngineDeps, id: number): Promise<Restore> {
  const drill = await deps.catalog.restores.conclude(id, {
    status: 'inconclusive',
    report: null,
    bytes: null,
    restoreTime: null,
    code: 'INTERRUPTED',
    message: 'interrupted: the service ended during the drill',
    at: deps.clock.now()
  })
  deps.events.emit({ type: 'drill.finished', drill })
  return drill
}

/** Whether a proven backup has what stood there before. */
async function isSecured (deps: EngineDeps, safetyBackupId: number | null): Promise<boolean> {
  if (safetyBackupId === null) return false
  const { verification, deletedAt } = await deps.catalog.backups.get(safetyBackupId)
  return verification.status === 'valid' && deletedAt === null
}
