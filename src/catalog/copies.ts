import type { Database } from 'better-sqlite3'
import type { Copy } from '../core/backup.ts'

export interface Copies {
  add (backupId: number, copies: readonly Copy[]): void
  /** The object moved within its store. */
  move (backupId: number, from: string, to: string): void
  /** None is left. */
  clear (backupId: number): void
}

/** Statements on `copies`, prepared once; they run inside the transaction of whoever calls. */
export function copiesIn (database: Database): Copies {
  const insert = database.prepare('INSERT INTO copies (backup_id, store, location, status, size_bytes, uploaded_at, error) VALUES (?, ?, ?, ?, ?, ?, ?)')
  const move = database.prepare('UPDATE copies SET location = ? WHERE backup_id = ? AND location = ?')
  const clear = database.prepare('DELETE FROM copies WHERE backup_id = ?')
  return {
    add (backupId, copies) {
      for (const copy of copies) insert.run(backupId, copy.store, copy.location, copy.status, copy.size, copy.uploadedAt?.toISOString() ?? null, copy.error)
    },
    move (backupId, from, to) { move.run(to, backupId, from) },
    clear (backupId) { clear.run(backupId) }
  }
}
