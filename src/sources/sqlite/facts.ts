import { createHash } from 'node:crypto'
import type Database from 'better-sqlite3'
import { systemCode } from '../../core/errors.ts'
import type { SnapshotFacts, TableFacts } from '../../core/ports/source.ts'

interface SchemaRow {
  readonly type: string
  readonly name: string
  readonly tbl_name: string
  readonly sql: string | null
}

/** SHA-256 (hex) over the JSON of every row of `sqlite_schema` but its root page, ordered by type, then name. */
export function schemaDigest (db: Database.Database): string {
  const rows = db.prepare<[], SchemaRow>(
    'SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name, tbl_name'
  ).all()
  const hash = createHash('sha256')
  for (const row of rows) hash.update(`${JSON.stringify([row.type, row.name, row.tbl_name, row.sql])}\n`)
  return hash.digest('hex')
}

/** Rows of every table but SQLite's own. A virtual table whose module is not installed here counts as null. */
export function countRows (db: Database.Database): TableFacts[] {
  const names = db.prepare<[], string>(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' ORDER BY name"
  ).pluck().all()
  return names.map(name => ({
    name,
    rows: unlessUnsupported(() => count(db, `SELECT count(*) FROM ${quoteName(name)}`))
  }))
}

/** Rows that break a foreign key, or null where the declarations themselves do not fit together. */
export function countViolations (db: Database.Database): number | null {
  return unlessUnsupported(() => count(db, 'SELECT count(*) FROM pragma_foreign_key_check'))
}

export function readFacts (db: Database.Database, journalMode: string): SnapshotFacts {
  const version = db.prepare<[], string>('SELECT sqlite_version()').pluck().get() ?? 'unknown'
  return {
    engine: `sqlite ${version}`,
    tables: countRows(db),
    properties: {
      journalMode,
      pageSize: pragma(db, 'page_size'),
      pageCount: pragma(db, 'page_count'),
      encoding: pragma(db, 'encoding'),
      autoVacuum: pragma(db, 'auto_vacuum'),
      userVersion: pragma(db, 'user_version'),
      applicationId: pragma(db, 'application_id')
    },
    details: { schemaDigest: schemaDigest(db), foreignKeyViolations: countViolations(db) }
  }
}

/** The details of the facts of a SQLite database. */
export interface SqliteDetails {
  /** SHA-256 (hex) over the definitions of every table, index, view and trigger, in a fixed order. */
  readonly schemaDigest: string | undefined
  /**
   * Rows that break a foreign key in the source itself, so that a verification can tell damage from habit. null: the
   * references are declared in a way that cannot be checked.
   */
  readonly foreignKeyViolations: number | null
}

/** Reads them; what is not of the right type counts as not recorded. */
export function sqliteDetails ({ details: { schemaDigest, foreignKeyViolations } }: SnapshotFacts): SqliteDetails {
  return {
    schemaDigest: typeof schemaDigest === 'string' ? schemaDigest : undefined,
    foreignKeyViolations: typeof foreignKeyViolations === 'number' ? foreignKeyViolations : null
  }
}

/** The value that a pragma reports. Throws what SQLite throws. */
export function pragma (db: Database.Database, name: string): string | number {
  const value: unknown = db.pragma(name, { simple: true })
  return typeof value === 'number' ? value : String(value)
}

function count (db: Database.Database, sql: string): number {
  return db.prepare<[], number>(sql).pluck().get() ?? 0
}

/** SQLite's plain error is what a missing module, function or collation gives; damage has a code of its own. */
function unlessUnsupported<T> (read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (systemCode(error)?.startsWith('SQLITE_ERROR') === true) return null
    throw error
  }
}

export function quoteName (name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
