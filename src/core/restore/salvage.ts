import type { JobPhase } from '../job.ts'
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

/** What is called while a salvage goes on, with the bytes done and in all, and what ends it. */
export interface SalvageProgress {
  readonly signal: AbortSignal
  phase(phase: JobPhase, total?: number | null): void
  bytes(done: number): void
}

/**
 * Saves what can be read of the damaged source in the file at `path` into the new file `output`, which is there, whole
 * and durable, once this resolves; where it rejects nothing is. The damaged one is only read.
 */
export type Salvage = (path: string, output: string, progress: SalvageProgress) => Promise<Salvaged>

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
