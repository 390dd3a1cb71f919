import { isDeepStrictEqual } from 'node:util'
import type { Backup } from '../core/backup.ts'
import { BackupError, toBackupError } from '../core/errors.ts'
import type { Manifest } from '../core/manifest.ts'
import type { Check } from '../core/verification.ts'
import type { EngineDeps } from './deps.ts'
import type { Verified, VerifiedAll } from './engine.ts'
import { backupHold } from './holds.ts'
import { readManifest, recordedManifest } from './objects.ts'
import { proveObject, type Unpack } from './prove.ts'
import type { Task } from './runner.ts'

/** Backups that are read at once when all are counted up for verification. */
const PAGE = 500

/** Throws unless there is something to verify or to give out: `BACKUP_NOT_COMPLETED`, `BACKUP_DELETED`. */
export function requireObject (backup: Backup): void {
  if (backup.deletedAt !== null) throw new BackupError('BACKUP_DELETED', `backup ${backup.id} was removed`, { hint: 'Choose another backup; the list shows those that exist.' })
  if (backup.status !== 'completed') throw new BackupError('BACKUP_NOT_COMPLETED', `backup ${backup.id} is "${backup.status}"`, { hint: 'Choose a backup that completed.' })
}

/** Proves one backup again and records what was found. `unpack`: the way in which the plain image comes to hand, in place of the usual one. */
export async function verifyBackup (deps: EngineDeps, id: number, task: Task, unpack?: Unpack): Promise<Verified> {
  const startedAt = deps.clock.now()
  const backup = await deps.catalog.backups.get(id)
  requireObject(backup)
  const recorded = await recordedManifest(deps, id)
  try {
    const manifestCheck = await checkManifest(deps, backup, recorded, task.signal)
    const verification = await proveObject(deps, { key: backup.key, manifest: recorded, manifestCheck, ...unpack !== undefined && { unpack } }, task)
    const now = deps.clock.now()
    const verified = await deps.catalog.backups.recordVerification(id, verification, now)
    deps.events.emit({ type: 'verification.finished', backup: verified, verification, durationMs: now.getTime() - startedAt.getTime() })
    return { backup: verified, verification }
  } catch (thrown) {
    const { code } = toBackupError(task.signal.aborted ? task.signal.reason : thrown)
    deps.events.emit({ type: 'operation.failed', operation: 'verify', source: backup.source, method: backup.method, code })
    throw thrown
  }
}

/** The manifest in the store must be the one that was written; description and pin may have been edited since. */
async function checkManifest (deps: EngineDeps, backup: Backup, recorded: Manifest, signal: AbortSignal): Promise<Check> {
  try {
    const stored = await readManifest(deps.store, backup.key, signal)
    const wrong = (Object.keys(recorded) as Array<keyof Manifest>).filter(key => key !== 'description' && key !== 'pinned' && !isDeepStrictEqual(stored[key], recorded[key]))
    if (wrong.length === 0) return { name: 'manifest', status: 'pass' }
    return { name: 'manifest', status: 'fail', reason: `${wrong.map(key => `"${key}"`).join(', ')} in the manifest differs from what was recorded` }
  } catch (thrown) {
    const error = toBackupError(thrown)
    if (error.code === 'OBJECT_NOT_FOUND') return { name: 'manifest', status: 'fail', reason: 'the manifest does not exist' }
    if (error.code === 'MANIFEST_INVALID') return { name: 'manifest', status: 'fail', reason: error.message }
    throw thrown
  }
}

/** Verifies every live backup that matches, oldest first, one after the other. One that goes away meanwhile is passed over. */
export async function verifyAll (deps: EngineDeps, request: { readonly source?: string | undefined, readonly since?: Date | undefined }, task: Task): Promise<VerifiedAll> {
  const results: Verified[] = []
  for (const id of (await matching(deps, request)).toReversed()) {
    task.signal.throwIfAborted()
    const claim = await deps.runner.claimWhenFree([backupHold(id)], task)
    try {
      const backup = await deps.catalog.backups.get(id)
      if (backup.deletedAt === null && backup.trashedAt === null) results.push(await verifyBackup(deps, id, task))
    } finally {
      await claim.release()
    }
  }
  return { results }
}

async function matching (deps: EngineDeps, request: { readonly source?: string | undefined, readonly since?: Date | undefined }): Promise<number[]> {
  const ids: number[] = []
  let before: number | undefined
  do {
    const page = await deps.catalog.backups.list({ ...request, status: 'completed', limit: PAGE, before })
    ids.push(...page.backups.map(backup => backup.id))
    before = page.next ?? undefined
  } while (before !== undefined)
  return ids
}
