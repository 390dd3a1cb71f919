import { memberImages } from '../../core/backup/members.ts'
import { BackupError } from '../../core/errors.ts'
import type { LoadedKind } from '../../core/ports/source-kind.ts'
import type { TreePage, TreeQuery, TreeTool } from '../../core/restore/tree.ts'
import { requireOpener } from '../artifacts/decryption.ts'
import { withImages } from '../artifacts/images.ts'
import { readableLocation } from '../artifacts/locations.ts'
import { requireObject, trustedManifest } from '../artifacts/objects.ts'
import type { EngineDeps } from '../deps.ts'
import { requireKind } from '../require-kind.ts'
import { viewOf } from './set/member-view.ts'

/**
 * Files in a backup, read from the nearest store that has it. Throws `BACKUP_NOT_FOUND`, `BACKUP_NOT_COMPLETED`,
 * `BACKUP_DELETED`, `KEY_MISSING`, `METHOD_UNSUPPORTED` for a kind without files, and as `TreeTool.list` and `viewOf`
 * do. `member`: of a backup of a set, the one that has the files.
 */
export async function listFiles (
  deps: EngineDeps,
  id: number,
  query: TreeQuery,
  member: string | undefined,
  signal: AbortSignal
): Promise<TreePage> {
  const backup = await deps.catalog.backups.get(id)
  requireObject(backup)
  const manifest = await trustedManifest(deps, id)
  requireOpener(deps.keyring, manifest)
  const view = viewOf(backup, manifest, member)
  const tree = requireTree(requireKind(deps, view.manifest.source.kind))
  const { store, key } = await readableLocation(deps, backup, signal)
  return await withImages(
    { ...deps, store },
    { key, manifest, isOwn: false },
    images => tree.list(view.member === null ? images : memberImages(images, view.member), query, signal),
    signal
  )
}

/** Throws `METHOD_UNSUPPORTED` for a kind without files. */
export function requireTree ({ name, tree }: LoadedKind): TreeTool {
  if (tree !== null) return tree
  throw new BackupError('METHOD_UNSUPPORTED', `backups of the kind "${name}" do not consist of files`, {
    hint: 'Restore the whole backup to another path, and look into it there.'
  })
}
