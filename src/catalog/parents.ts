import type { Database } from 'better-sqlite3'
import { filledForm, totalSizeOf, type Manifest } from '../core/backup/manifest.ts'
import { TRASH, fileName } from '../core/backup/object-key.ts'
import { fromJson } from './json.ts'

interface Named {
  readonly id: number
  readonly source: string
  readonly store_key: string
  readonly checksum: string | null
}

interface Orphan {
  readonly id: number
  readonly manifest: string
}

/** Where a backup stands in a chain, and what all of its parts take, as its row repeats it. */
export function linkColumns (manifest: Manifest) {
  const { source, link, parts } = manifest
  return {
    kind: source.kind,
    storedSize: parts.length === 0 ? null : totalSizeOf(manifest),
    chain: link?.chain ?? null,
    lineage: link?.lineage ?? null,
    depth: link?.depth ?? null,
    fromPosition: link?.from ?? null,
    toPosition: link?.to ?? null
  }
}

/**
 * Prepares the statements once; what it returns enters, for a row that was just written, the row that its manifest
 * names as its parent, by object and digest, and itself in those that name it, in whatever order they came. It runs
 * inside the transaction of whoever calls.
 */
export function parentsIn (database: Database): (id: number, manifest: Manifest) => void {
  // Of several that have the name, the one that is there.
  const parentOf = database.prepare<[string, string, string, string, number], number>(`
    SELECT id FROM backup_log WHERE source = ? AND store_key IN (?, ?) AND checksum = ? AND status = 'completed' AND id <> ?
    ORDER BY deleted_at IS NOT NULL, id DESC LIMIT 1`).pluck()
  const named = database.prepare<[number], Named>('SELECT id, source, store_key, checksum FROM backup_log WHERE id = ?')
  const orphans = database.prepare<[string, string, number], Orphan>(`
    SELECT id, manifest FROM backup_log WHERE source = ? AND chain = ? AND depth = ? AND manifest IS NOT NULL
      AND (parent_id IS NULL OR (SELECT deleted_at FROM backup_log AS parent WHERE parent.id = backup_log.parent_id) IS NOT NULL)`)
  const enter = database.prepare('UPDATE backup_log SET parent_id = ? WHERE id = ?')
  return (id, { link, source }) => {
    if (link === null) return
    if (link.parent !== null) {
      const { name, sha256 } = link.parent
      const parent = parentOf.get(source.name, fileName(name), TRASH + fileName(name), sha256, id)
      if (parent !== undefined) enter.run(parent, id)
    }
    const own = named.get(id)
    for (const orphan of orphans.all(source.name, link.chain, link.depth + 1)) {
      const written = fromJson<Parameters<typeof filledForm>[0]>(orphan.manifest, `the manifest of backup ${orphan.id}`)
      const parent = filledForm(written).link?.parent
      if (own !== undefined && parent?.name === fileName(own.store_key) && parent.sha256 === own.checksum) {
        enter.run(id, orphan.id)
      }
    }
  }
}
