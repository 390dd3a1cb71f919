import type { Restorable } from './restorable.ts'
/** Of a value that was cut: all its bytes, as UTF-8 where it is text, and their SHA-256 in hex. */
export interface CutValue {
  readonly bytes: number
  readonly sha256: string
}

/**
 * A value of a column as JSON has it: what JSON cannot carry is an object with its name, `{ "blob": "00ff" }` in hex,
 * `{ "integer": "9223372036854775807" }`, `{ "real": "Infinity" }`. A long text or blob is an object with its
 * beginning.
 */
export type RowValue =
  | null
  | number
  | string
  | { readonly blob: string }
  | { readonly integer: string }
  | { readonly real: string }
  | (CutValue & { readonly text: string })
  | (CutValue & { readonly blob: string })
/** The values by the names of their columns. */
export type Row = Readonly<Record<string, RowValue>>

/**
 * How the rows of a table are told apart. `key`: by the primary key. `content`: there is none that can be relied on, so
 * that rows are the same when all of their values are; then none is ever changed, only added and removed.
 */
export type RowIdentity = 'key' | 'content'

export interface RowDifference {
  readonly change: 'added' | 'removed' | 'changed'
  /** null: the row was added. */
  readonly before: Row | null
  /** null: the row was removed. */
  readonly after: Row | null
  /** Names of the columns that differ; empty but for `changed`. */
  readonly columns: readonly string[]
}

/** One table on both sides: what became of the rows of the first in the second. */
export interface TableDifference {
  readonly table: string
  /** Whether the second, or the first, has no such table. */
  readonly presence: 'both' | 'added' | 'removed'
  readonly identity: RowIdentity
  /** Columns that tell rows apart. */
  readonly key: readonly string[]
  readonly added: number
  readonly removed: number
  readonly changed: number
  readonly same: number
  /** Columns that one side alone has, which are not compared. */
  readonly columnsAdded: readonly string[]
  readonly columnsRemoved: readonly string[]
  /** As many as were asked for, and as fit into one answer: removed ones first, then changed ones, then added ones. */
  readonly rows: readonly RowDifference[]
  /** Whether rows were asked for, and there are more behind these. */
  readonly hasMore: boolean
}

export interface Difference {
  /** In the order of names. */
  readonly tables: readonly TableDifference[]
  /** Tables that are not compared, with the reason. */
  readonly skipped: ReadonlyArray<{ readonly table: string, readonly reason: string }>
}

/** Bytes of a value that an answer shows by default. */
export const VALUE_BYTES = 1024
/** Bytes of the rows of one answer, as JSON; a value can be asked for up to as many. */
export const ROWS_BYTES = 8 * 1024 * 1024

export interface DiffOptions {
  /** Only these; left out: all. */
  readonly tables?: readonly string[] | undefined
  /** At most so many rows of each table are told; 0: only counts. */
  readonly rows: number
  /** Rows of each table that are passed over first. Default: 0. */
  readonly from?: number | undefined
  /** Bytes at which a value is cut. Default: `VALUE_BYTES`. */
  readonly valueBytes?: number | undefined
}

export const CONFLICT_POLICIES = ['skip', 'overwrite', 'fail'] as const
/**
 * What becomes of a row that is wanted back where the live database has one with the same key. `skip`: the live one
 * stays; `overwrite`: it gets the values from the backup; `fail`: nothing at all is written.
 */
export type ConflictPolicy = typeof CONFLICT_POLICIES[number]

export interface RowSelection {
  readonly table: string
  /** An SQL expression over the columns of the table, as the backup has it; left out: every row. */
  readonly where?: string | undefined
}

export interface RescueOptions {
  readonly selections: readonly RowSelection[]
  /** Whether rows that refer to the chosen ones, and are gone, come along, as an ON DELETE CASCADE took them. */
  readonly children: boolean
  readonly conflict: ConflictPolicy
  /** How long to wait for those who hold the database. Milliseconds. */
  readonly timeout: number
}

/** What a rescue does, or would do, with one table. */
export interface TableRescue {
  readonly table: string
  /** Rows that the condition chose. */
  readonly chosen: number
  /** Rows that come along because chosen ones refer to them. */
  readonly parents: number
  /** Rows that come along because they refer to chosen ones. */
  readonly children: number
  /** What becomes of all of these; the sum is that of the three above. */
  readonly inserted: number
  readonly overwritten: number
  /** The live database has them as they are. */
  readonly same: number
  /** The live database has others in their place, which stay. */
  readonly skipped: number
  /** Triggers of the table, which fire. */
  readonly triggers: readonly string[]
}

export interface Rescue {
  /** In the order in which rows are written: parents before children. */
  readonly tables: readonly TableRescue[]
  /** The first rows for which something is in the way, in words. */
  readonly conflicts: readonly string[]
  /** Whether what is in the way keeps all rows from being written. */
  readonly refused: boolean
  /** Rows that refer to something that neither the live database nor the backup has. */
  readonly orphans: number
}

/** The live database of a source. */
export interface LiveSource {
  /** Where it is, with the links of its path followed. */
  readonly location: string
}

/** Compares and brings back single rows of one kind of source. Each call works in a process of its own. */
export interface RowTool {
  /**
   * Rows of the backup `before` against those of another one, or of the live database, which is read as it stands at
   * one moment, without being in anybody's way. `TABLE_NOT_FOUND`, `SOURCE_…`.
   */
  diff(
    before: Restorable,
    after: Restorable | LiveSource,
    request: DiffOptions,
    signal: AbortSignal
  ): Promise<Difference>
  /** What `rescue` would do; nothing is written, and nothing is held against writers. Errors as there. */
  plan(backup: Restorable, live: LiveSource, request: RescueOptions, signal: AbortSignal): Promise<Rescue>
  /**
   * Brings rows of the backup back into the live database, in one transaction: once this resolves they are there and
   * durable, and if it rejects, nothing was written. `TABLE_NOT_FOUND`, `VALIDATION_FAILED` for a condition that is
   * none, `ROWS_REFUSED` where the live database does not take them, `ROWS_IN_THE_WAY` for a plan that is refused,
   * `SOURCE_LOCKED`.
   */
  rescue(backup: Restorable, live: LiveSource, request: RescueOptions, signal: AbortSignal): Promise<Rescue>
  /** Writes the rows to a new file as CSV (RFC 4180), and says how many. `RESTORE_TARGET_EXISTS`. */
  extract(backup: Restorable, selection: RowSelection, file: string, signal: AbortSignal): Promise<number>
}
