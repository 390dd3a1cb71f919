import type { RestoreByHand } from '../../core/ports/source-kind.ts'

/** How an image of a SQLite database is looked at, and put in the place of the old one. */
export const BY_HAND: RestoreByHand = {
  tool: 'sqlite3',
  note: `\
  sqlite3 $B.db "PRAGMA integrity_check"       is it "ok"?

Then stop the application, remove what lies beside its old database (-wal,
-shm, -journal: they would damage the new one), and put $B.db in its place.
`,
  command: 'sqlite3 backup.db "PRAGMA integrity_check"'
}
