import type { TableFacts } from '../ports/source.ts'

/** What was salvaged of one table of a damaged database. */
export interface SalvagedTable {
  readonly name: string
  /** Rows in the new database; null: the table is not there, or its module is not installed here. */
  readonly rows: number | null
  /** Rows that SQLite can still count in the damaged file; null: it cannot. */
  readonly readable: number | null
}

/** A new database, made of everything that could be read in a damaged one. */
export interface Salvaged {
  readonly path: string
  readonly output: string
  /** Bytes of the new database. */
  readonly size: number
  readonly tables: readonly SalvagedTable[]
  /** Rows that belong to no table any more, or that their table did not take. */
  readonly lost: number
  /** Where those are; null: there are none. */
  readonly lostTable: string | null
  /** Pages of tables that are not what they should be, as far as trees lead to them; indexes are made anew. */
  readonly damagedPages: number
  /** What an integrity check finds in the new database. */
  readonly integrity: readonly string[]
  /** Rows of the new database that break a foreign key; null: the declarations do not fit together. */
  readonly foreignKeyViolations: number | null
  /** Definitions that could not be made again, and the like. */
  readonly problems: readonly string[]
}

/** The rows that a good backup of the same database has, to compare with. */
export interface KnownRows {
  readonly backupId: number
  readonly startedAt: Date
  readonly tables: readonly TableFacts[]
}

/**
 * Whether nothing shows that anything is missing: every table has as many rows as the damaged file still tells, and
 * nothing is left over.
 */
export function isWhole ({ tables, lost, damagedPages, integrity, foreignKeyViolations, problems }: Salvaged): boolean {
  return lost === 0 && damagedPages === 0 && integrity.length === 0 && foreignKeyViolations === 0 &&
    problems.length === 0 && tables.every(({ rows, readable }) => rows !== null && rows === readable)
}
