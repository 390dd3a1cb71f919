import type { Found } from '../core/backup/adoption.ts'
import { isAdoptableId } from '../core/backup/backup-id.ts'
import type { Manifest } from '../core/backup/manifest.ts'
import { TRASH, fileName } from '../core/backup/object-key.ts'
import { BackupError } from '../core/errors.ts'
import type { BackupRow } from './backup-row.ts'
import type { BackupStatements } from './backup-statements.ts'
import type { Copies } from './copies.ts'

export interface AdoptedRow {
  readonly id: number
  readonly outcome: 'added' | 'joined' | 'known'
}

/**
 * Takes a backup over from its manifest, inside the transaction of whoever calls. `columns` is what a row repeats of
 * the manifest.
 */
export function adoptRow (
  statements: BackupStatements,
  copies: Copies,
  manifest: Manifest,
  columns: object,
  found: Found
): AdoptedRow {
  const name = fileName(found.key)
  const rows = statements.byName.all(manifest.source.name, name, TRASH + name)
  const known = rows.find(row => row.deleted_at === null && row.status !== 'failed')
  if (known !== undefined && found.foreignInstance === null) statements.own.run(known.id)
  if (known !== undefined) {
    return { id: known.id, outcome: join(statements, copies, known, manifest, found) ? 'joined' : 'known' }
  }
  const gone = rows.find(row => row.deleted_at !== null)
  // Where we remove what is gone it is about to leave that store, or has left it since it was read.
  if (gone !== undefined && !found.neverDeleted) return { id: gone.id, outcome: 'known' }
  return { id: add(statements, copies, manifest, columns, found), outcome: 'added' }
}

function add (
  statements: BackupStatements,
  copies: Copies,
  manifest: Manifest,
  columns: object,
  { key, copy, hasLanded, trashedAt, foreignInstance }: Found
): number {
  const { lastInsertRowid } = statements.adopt.run({
    ...columns,
    id: isAdoptableId(manifest.id, statements.largestId.get() ?? 0) && statements.get.get(manifest.id) === undefined
      ? manifest.id
      : null,
    source: manifest.source.name,
    type: manifest.type,
    method: manifest.method,
    schedule: manifest.schedule,
    description: manifest.description,
    pinned: Number(manifest.pinned),
    startedAt: manifest.startedAt,
    verifiedAt: manifest.verifiedAt,
    verificationStatus: manifest.verifiedAt === null ? 'unverified' : 'valid',
    key: hasLanded ? key : fileName(key),
    filePath: copy.location,
    trashedAt: trashedAt?.toISOString() ?? null
  })
  const id = Number(lastInsertRowid)
  if (foreignInstance !== null) statements.foreign.run(id, foreignInstance)
  copies.add(id, [copy], manifest.completedAt)
  return id
}

/**
 * Says whether the row has a copy more than before. Throws `MANIFEST_INVALID` where the manifest is of another object.
 */
function join (
  statements: BackupStatements,
  copies: Copies,
  row: BackupRow,
  { object }: Manifest,
  { key, copy, hasLanded, trashedAt }: Found
): boolean {
  // A backup that is still being made has neither a checksum nor copies.
  if (row.status === 'in_progress') return false
  if (row.checksum !== object.sha256) {
    throw new BackupError(
      'MANIFEST_INVALID',
      `it describes a different object from backup ${row.id}, which has the same name`
    )
  }
  // Whether it is in the trash was decided with what is known already.
  if (hasLanded && (trashedAt !== null) !== (row.trashed_at !== null)) return false
  if (!copies.found(row.id, copy)) return false
  if (hasLanded) statements.rename.run(key, copy.location, row.id)
  return true
}
