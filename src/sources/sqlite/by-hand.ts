import type { RestoreByHand } from '../../core/ports/source-kind.ts'

/** How to check an image of a SQLite database, and how to put it in place. */
export const BY_HAND: RestoreByHand = {
  tool: 'sqlite3',
  note: `\
  sqlite3 $B "PRAGMA integrity_check"          must print "ok"

Then stop the application, remove the -wal, -shm and -journal files of its old
database (they would damage the new one), and put $B in its place.
`,
  command: 'sqlite3 backup.db "PRAGMA integrity_check"'
}
