import type { Backup } from '../../core/backup/backup.ts'
import { BackupError } from '../../core/errors.ts'
import { released } from '../../core/backup/manifest.ts'
import { isSuspect } from '../../core/backup/suspicion.ts'
import { requireOwn } from '../../core/instance.ts'
import { isAbsent } from '../artifacts/absent.ts'
import type { EngineDeps } from '../deps.ts'
import { markManifestsStale } from './edit.ts'
import { recordedManifest, replaceManifest, requireObject } from '../artifacts/objects.ts'
import { hasLanded } from '../artifacts/locations.ts'

/**
 * A suspect is a backup like any other from now on: it fills its place in retention, is what the next ones are held
 * against, and lets those before it go again. In its manifest first, as an edit. Rejects with `BACKUP_NOT_SUSPECT`.
 */
export async function releaseSuspect (
  deps: EngineDeps,
  id: number,
  actor: string,
  signal: AbortSignal
): Promise<Backup> {
  const backup = await deps.catalog.backups.get(id)
  requireObject(backup)
  requireOwn(backup, 'released')
  await deps.ownership.require(deps.store, signal)
  if (!isSuspect(backup)) {
    throw new BackupError('BACKUP_NOT_SUSPECT', `backup ${id} is not suspect`, {
      hint: 'No action is needed.'
    })
  }
  const at = deps.clock.now()
  const manifest = await recordedManifest(deps, id)
  const after = deps.signing.signAgain(manifest, released(manifest, at, actor))
  if (hasLanded(deps, backup) && !await isAbsent(deps, backup)) {
    await replaceManifest(deps.store, backup.key, after, signal)
  }
  const declared = await deps.catalog.backups.releaseSuspect(id, at, actor, after.signature)
  await markManifestsStale(deps, id)
  deps.events.emit({ type: 'backup.released', backup: declared })
  return declared
}
