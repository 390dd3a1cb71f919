import type { Database } from 'better-sqlite3'
import type { Copy } from '../core/backup/copy.ts'

export interface Copies {
  add(backupId: number, copies: readonly Copy[], at: string): void
  /**
   * It is there, whatever was known of it, unless somebody has it under way or is to remove it. Says whether that is
   * news.
   */
  found(backupId: number, copy: Copy): boolean
  /** The object moved within its store. */
  move(backupId: number, from: string, to: string): void
  /** Those in `stores` are to be removed there; none of the others is left. */
  retire(backupId: number, stores: readonly string[]): void
  drop(backupId: number, store: string): void
}

/** Statements on `copies`, prepared once; they run inside the transaction of whoever calls. */
export function copiesIn (database: Database): Copies {
  const insert = database.prepare(
    'INSERT INTO copies (backup_id, store, location, status, size_bytes, uploaded_at, waiting_since) VALUES (?, ?, ?, ?, ?, ?, ?)'
  )
  const found = database.prepare(`
    INSERT INTO copies (backup_id, store, location, status, size_bytes, uploaded_at) VALUES (?, ?, ?, 'stored', ?, ?)
    ON CONFLICT DO UPDATE SET location = excluded.location, status = 'stored', size_bytes = excluded.size_bytes, uploaded_at = excluded.uploaded_at, attempts = 0, error = NULL, error_code = NULL,
      waiting_since = NULL, next_attempt_at = NULL WHERE status IN ('pending', 'failed', 'missing')`)
  const move = database.prepare('UPDATE copies SET location = ? WHERE backup_id = ? AND location = ?')
  const clear = database.prepare(
    'DELETE FROM copies WHERE backup_id = ? AND store NOT IN (SELECT value FROM json_each(?))'
  )
  // What was never stored, nor begun, need not be removed.
  const unneeded = database.prepare("DELETE FROM copies WHERE backup_id = ? AND status = 'pending' AND attempts = 0")
  const retire = database.prepare(
    "UPDATE copies SET status = 'removing', attempts = 0, error = NULL, error_code = NULL, next_attempt_at = NULL, manifest_due = 0 WHERE backup_id = ?"
  )
  const drop = database.prepare('DELETE FROM copies WHERE backup_id = ? AND store = ?')
  return {
    add (backupId, copies, at) {
      for (const copy of copies) {
        insert.run(
          backupId,
          copy.store,
          copy.location,
          copy.status,
          copy.size,
          copy.uploadedAt?.toISOString() ?? null,
          copy.status === 'stored' ? null : at
        )
      }
    },
    found (backupId, { store, location, size, uploadedAt }) {
      return found.run(backupId, store, location, size, uploadedAt?.toISOString() ?? null).changes > 0
    },
    move (backupId, from, to) {
      move.run(to, backupId, from)
    },
    retire (backupId, stores) {
      clear.run(backupId, JSON.stringify(stores))
      unneeded.run(backupId)
      retire.run(backupId)
    },
    drop (backupId, store) {
      drop.run(backupId, store)
    }
  }
}
