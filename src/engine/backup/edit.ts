import type { Backup } from '../../core/backup/backup.ts'
import type { ManifestSignature } from '../../core/backup/signature.ts'
import { BackupError } from '../../core/errors.ts'
import { requireOwn } from '../../core/instance.ts'
import { isAbsent } from '../artifacts/absent.ts'
import { hasLanded } from '../artifacts/locations.ts'
import { replaceManifest, requireObject } from '../artifacts/objects.ts'
import type { EngineDeps } from '../deps.ts'
import { requirePinnable } from '../retention/surplus.ts'

export interface BackupEdit {
  readonly description?: string | null | undefined
  readonly pinned?: boolean | undefined
  /**
   * true: a backup that is pinned stays as it is, since it may be the last that retention would leave, and only so many
   * that were made by hand are pinned (`TOO_MANY_PINNED`). Both are for an admin.
   */
  readonly keepsPinned?: boolean | undefined
}

/**
 * Changes what a person may say about a backup: in its manifest first, so that it survives the loss of the catalog.
 * Those of its copies follow by themselves. With `keepsPinned` it rejects with `FORBIDDEN` where the
 * backup is pinned, and as `requirePinnable`.
 */
export async function editBackup (
  deps: EngineDeps,
  id: number,
  { keepsPinned = false, ...change }: BackupEdit,
  signal: AbortSignal
): Promise<Backup> {
  const backup = await deps.catalog.backups.get(id)
  requireObject(backup)
  if (keepsPinned && backup.pinned) {
    throw new BackupError('FORBIDDEN', `backup ${id} is pinned`, {
      hint: 'Use a token with the role admin to unpin or change it.'
    })
  }
  requireOwn(backup, 'changed')
  const chosen = deps.sources.get(backup.source)
  if (keepsPinned && change.pinned === true && chosen !== undefined) await requirePinnable(deps, chosen)
  await deps.ownership.require(deps.store, signal)
  const manifest = await deps.catalog.backups.manifest(id)
  let signature: ManifestSignature | undefined
  if (manifest !== undefined) {
    const description = change.description === undefined ? manifest.description : change.description
    const after = deps.signing.signAgain(manifest, {
      ...manifest,
      description,
      pinned: change.pinned ?? manifest.pinned
    })
    signature = after.signature
    if (hasLanded(deps, backup) && !await isAbsent(deps, backup)) {
      await replaceManifest(deps.store, backup.key, after, signal)
    }
  }
  const edited = await deps.catalog.backups.edit(id, change, signature)
  await markManifestsStale(deps, id)
  return edited
}

/** The manifests of its copies are to be replaced, too, wherever anything ever is. */
export async function markManifestsStale (deps: EngineDeps, id: number): Promise<void> {
  const unchanging = [...deps.offsite.values()].filter(({ isAppendOnly }) => isAppendOnly).map(({ store }) =>
    store.name
  )
  await deps.catalog.copies.manifestChanged(id, [deps.store.name, ...unchanging])
}
