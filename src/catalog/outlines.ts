import type { Database } from 'better-sqlite3'
import type { OutlineWithStores } from '../core/backup/backup.ts'
import { IS_OWN, toLink, type BackupRow } from './backup-row.ts'
import { toDate } from './json.ts'

type OutlineRow =
  & Pick<
    BackupRow,
    | 'id'
    | 'source'
    | 'backup_type'
    | 'schedule'
    | 'status'
    | 'store_key'
    | 'file_size_bytes'
    | 'started_at'
    | 'completed_at'
    | 'parent_id'
    | 'chain'
    | 'lineage'
    | 'depth'
    | 'from_position'
    | 'to_position'
    | 'pinned'
    | 'verification_status'
    | 'suspect_reasons'
    | 'released_at'
    | 'trashed_at'
    | 'deleted_at'
  >
  & { readonly stores: string | null }

const SELECT_EXISTING = `
  SELECT id, source, backup_type, schedule, status, store_key, coalesce(stored_size_bytes, file_size_bytes) AS file_size_bytes, started_at, completed_at, parent_id, chain, lineage, depth, from_position, to_position, pinned, verification_status, suspect_reasons, released_at, trashed_at, deleted_at,
    (SELECT group_concat(store, '/') FROM copies WHERE backup_id = id AND copies.status = 'stored') AS stores
  FROM backup_log INDEXED BY backup_log_span
  WHERE source = ? AND place IN ('present', 'trash') AND status = 'completed' AND ${IS_OWN} ORDER BY id DESC`

/**
 * Prepares the statement once; what it returns reads every backup of a source whose object exists, newest first, and of
 * each no more than is needed of all.
 */
export function outlinesIn (database: Database): (source: string) => readonly OutlineWithStores[] {
  const select = database.prepare<[string], OutlineRow>(SELECT_EXISTING)
  return source => select.all(source).map(toOutline)
}

function toOutline (row: OutlineRow): OutlineWithStores {
  return {
    id: row.id,
    source: row.source,
    type: row.backup_type,
    schedule: row.schedule,
    status: row.status,
    key: row.store_key,
    size: row.file_size_bytes,
    startedAt: toDate(row.started_at),
    completedAt: toDate(row.completed_at),
    parentId: row.parent_id,
    link: toLink(row),
    pinned: row.pinned === 1,
    verification: { status: row.verification_status },
    suspicion: row.suspect_reasons === null ? null : { releasedAt: toDate(row.released_at) },
    stores: row.stores?.split('/') ?? [],
    trashedAt: toDate(row.trashed_at),
    deletedAt: toDate(row.deleted_at)
  }
}
