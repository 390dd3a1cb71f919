import type { Database, Statement } from 'better-sqlite3'
import type { BackupMethod } from '../core/backup/backup.ts'
import { IS_OWN, SELECT_BACKUP, type BackupRow } from './backup-row.ts'

/** The statements on `backup_log` that are the same every time, prepared once. */
export function prepareBackupStatements (database: Database) {
  const select = <T extends unknown[]>(rest: string): Statement<T, BackupRow> =>
    database.prepare<T, BackupRow>(`${SELECT_BACKUP} ${rest}`)
  return {
    largestId: database.prepare<[], number>('SELECT coalesce(max(id), 0) FROM backup_log').pluck(),
    get: select<[number]>('WHERE id = ?'),
    manifest: database.prepare<[number], string | null>('SELECT manifest FROM backup_log WHERE id = ?').pluck(),
    byName: select<[string, string, string]>('WHERE source = ? AND store_key IN (?, ?) ORDER BY id DESC'),
    named: database.prepare<[string, string, string, number]>(`
      SELECT 1 FROM backup_log WHERE source = ? AND store_key IN (?, ?) AND id <> ? AND status <> 'failed'
        AND (deleted_at IS NULL OR EXISTS (SELECT 1 FROM copies WHERE backup_id = backup_log.id))`),
    imported: select<[string, string, string]>(`
      INDEXED BY backup_log_span WHERE source = ? AND place IN ('present', 'trash') AND status = 'completed' AND started_at = ?
        AND json_extract(manifest, '$.imported.sha256') = ? AND ${IS_OWN} ORDER BY place, id LIMIT 1`),
    running: select<[]>("WHERE place = 'present' AND status = 'in_progress' ORDER BY id DESC"),
    trashed: select<[]>(`WHERE place = 'trash' AND ${IS_OWN} ORDER BY trashed_at, id`),
    quarantined: select<[string]>(
      "WHERE source = ? AND status = 'failed' AND file_size_bytes IS NOT NULL AND place = 'present' ORDER BY id DESC"
    ),
    lost: select<[string]>(
      `INDEXED BY backup_log_damaged WHERE verification_status = 'invalid' AND place = 'present' AND status = 'completed'
      AND json_extract(verification_checks, '$[0].name') = 'file_exists' AND json_extract(verification_checks, '$[0].status') = 'fail'
      AND EXISTS (SELECT 1 FROM copies WHERE backup_id = backup_log.id AND store = ? AND copies.status = 'stored') AND ${IS_OWN}`
    ),
    unverify: database.prepare(
      "UPDATE backup_log SET verified_at = NULL, verification_status = 'unverified', verification_checks = '[]' WHERE id = ?"
    ),
    start: database.prepare(`
      INSERT INTO backup_log (source, backup_type, method, schedule, store_key, file_path, description, compression, encryption, started_at, parts, is_import, status)
      VALUES (@source, @type, @method, @schedule, @key, @filePath, @description, @compression, @encryption, @startedAt, @parts, @isImport, 'in_progress')`),
    rename: database.prepare('UPDATE backup_log SET store_key = ?, file_path = ? WHERE id = ?'),
    complete: database.prepare(`
      UPDATE backup_log SET status = 'completed', file_path = @filePath, completed_at = @completedAt, file_size_bytes = @size, checksum = @checksum,
        original_size_bytes = @originalSize, original_checksum = @originalChecksum, compression = @compression, encryption = @encryption,
        suspect_reasons = @suspectReasons, released_at = @releasedAt, released_by = @releasedBy, manifest = @manifest, signing_key = @signingKey,
        kind = @kind, chain = @chain, lineage = @lineage, depth = @depth, from_position = @fromPosition, to_position = @toPosition,
        parts = @parts, stored_size_bytes = @storedSize
      WHERE id = @id`),
    fail: database.prepare(`
      UPDATE backup_log SET status = 'failed', completed_at = @at, error_code = @code, error_message = @message,
        store_key = @key, file_path = @filePath, file_size_bytes = @size
      WHERE id = @id`),
    edit: database.prepare(
      'UPDATE backup_log SET description = @description, pinned = @pinned, manifest = @manifest, signing_key = @signingKey WHERE id = @id'
    ),
    builtOn: database.prepare<[number], number>(
      "SELECT 1 FROM backup_log WHERE parent_id = ? AND status = 'completed' AND place = 'present' LIMIT 1"
    ).pluck(),
    lastGood: database.prepare<
      [{ source: string, limit: number, method: BackupMethod | null, before: string | null }],
      { readonly id: number, readonly manifest: string }
    >(`
      SELECT id, manifest FROM backup_log INDEXED BY backup_log_good
      WHERE source = @source AND status = 'completed' AND verification_status <> 'invalid' AND (suspect_reasons IS NULL OR released_at IS NOT NULL) AND manifest IS NOT NULL AND ${IS_OWN}
        AND method = coalesce(@method, method) AND (@before IS NULL OR started_at < @before)
      ORDER BY started_at DESC LIMIT @limit`),
    releaseSuspect: database.prepare(
      'UPDATE backup_log SET released_at = @releasedAt, released_by = @releasedBy, manifest = @manifest, signing_key = @signingKey WHERE id = @id'
    ),
    move: database.prepare('UPDATE backup_log SET store_key = ?, file_path = ?, trashed_at = ? WHERE id = ?'),
    evict: database.prepare('UPDATE backup_log SET file_path = ? WHERE id = ?'),
    remove: database.prepare('UPDATE backup_log SET deleted_at = ?, manifest = NULL WHERE id = ?'),
    foreign: database.prepare('INSERT INTO foreign_backups (backup_id, instance) VALUES (?, ?)'),
    own: database.prepare('DELETE FROM foreign_backups WHERE backup_id = ?'),
    adopt: database.prepare(`
      INSERT INTO backup_log (id, source, backup_type, method, schedule, store_key, file_path, description, pinned, compression, encryption, started_at,
        completed_at, status, file_size_bytes, checksum, original_size_bytes, original_checksum, suspect_reasons, released_at, released_by, manifest, signing_key, verified_at, verification_status, trashed_at,
        kind, chain, lineage, depth, from_position, to_position, parts, stored_size_bytes)
      VALUES (@id, @source, @type, @method, @schedule, @key, @filePath, @description, @pinned, @compression, @encryption, @startedAt,
        @completedAt, 'completed', @size, @checksum, @originalSize, @originalChecksum, @suspectReasons, @releasedAt, @releasedBy, @manifest, @signingKey, @verifiedAt, @verificationStatus, @trashedAt,
        @kind, @chain, @lineage, @depth, @fromPosition, @toPosition, @parts, @storedSize)`)
  }
}

export type BackupStatements = ReturnType<typeof prepareBackupStatements>
