import type { Database } from 'better-sqlite3'
import { LARGEST_ID } from '../core/backup/backup-id.ts'

/** Ids above this come from no backup that was made here, and leave too little room below `LARGEST_ID`. */
const SPOILED = (LARGEST_ID - 1) / 2

/**
 * Numbers backups anew whose id is too large to be used, and sets the sequence of ids back to the largest that is left.
 * A catalog can have such ids if it took them from a manifest without a bound, or if it was edited. Whatever refers to
 * a backup follows it. Everything is computed by SQLite, since such ids are not exact as numbers of JavaScript. Returns
 * how many backups have a new id; a catalog that is in order is only read.
 */
export function healIds (database: Database): number {
  return isSpoiled(database) ? database.transaction(() => renumber(database)).immediate() : 0
}

function isSpoiled (database: Database): boolean {
  return database.prepare("SELECT 1 FROM sqlite_sequence WHERE name = 'backup_log' AND seq > ?").get(SPOILED) !==
    undefined
}

function renumber (database: Database): number {
  // Another process may have done it since.
  if (!isSpoiled(database)) return 0
  // A backup and what refers to it change one after the other.
  database.pragma('defer_foreign_keys = ON')
  database.exec('CREATE TEMP TABLE renumbered (old INTEGER PRIMARY KEY, new INTEGER NOT NULL)')
  database.prepare(`
    INSERT INTO renumbered
    SELECT id, (SELECT coalesce(max(id), 0) FROM backup_log WHERE id <= @spoiled) + row_number() OVER (ORDER BY id)
    FROM backup_log WHERE id > @spoiled`).run({ spoiled: SPOILED })
  const { changes } = database.prepare(
    'UPDATE backup_log SET id = (SELECT new FROM renumbered WHERE old = id) WHERE id IN (SELECT old FROM renumbered)'
  ).run()
  for (const { table, column } of references(database)) {
    database.exec(
      `UPDATE "${table}" SET "${column}" = (SELECT new FROM renumbered WHERE old = "${column}") WHERE "${column}" IN (SELECT old FROM renumbered)`
    )
  }
  database.exec(
    "UPDATE sqlite_sequence SET seq = (SELECT coalesce(max(id), 0) FROM backup_log) WHERE name = 'backup_log'; DROP TABLE renumbered"
  )
  return changes
}

interface Reference {
  readonly table: string
  readonly column: string
}

/** Every column that refers to a backup by its id. */
function references (database: Database): readonly Reference[] {
  return database.prepare<[], Reference>(`
    SELECT tables.name AS "table", keys."from" AS "column"
    FROM sqlite_schema AS tables, pragma_foreign_key_list(tables.name) AS keys
    WHERE tables.type = 'table' AND keys."table" = 'backup_log'`).all()
}
