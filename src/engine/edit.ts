import type { Backup } from '../core/backup.ts'
import type { EngineDeps } from './deps.ts'
import { replaceManifest } from './objects.ts'
import { requireObject } from './verify.ts'

/** Changes what a person may say about a backup: in its manifest first, so that it survives the loss of the catalog. */
export async function editBackup (deps: EngineDeps, id: number, change: { readonly description?: string | null | undefined, readonly pinned?: boolean | undefined }, signal: AbortSignal): Promise<Backup> {
  const backup = await deps.catalog.backups.get(id)
  requireObject(backup)
  const manifest = await deps.catalog.backups.manifest(id)
  if (manifest !== undefined) {
    const description = change.description === undefined ? manifest.description : change.description
    await replaceManifest(deps.store, backup.key, { ...manifest, description, pinned: change.pinned ?? manifest.pinned }, signal)
  }
  return await deps.catalog.backups.edit(id, change)
}
