import type { Restorable } from '../restore/restorable.ts'
import type { Source } from './source.ts'

export const EXPORT_FORMATS = ['csv', 'jsonl', 'sql'] as const
/**
 * The text format of exported rows, in UTF-8, each line ended by a line feed; docs/operations.md describes the formats
 * for users.
 *
 * `csv`: as `COPY … WITH CSV HEADER` of PostgreSQL writes it: the names of the columns, then one record for each row.
 * NULL is an empty field, an empty text `""`, bytes are `\x` and hex digits. Text that would read as one of these,
 * or as a number, is in quotes. https://www.postgresql.org/docs/current/sql-copy.html
 *
 * `jsonl`: one JSON object for each row. Integers have all digits. What JSON cannot represent is an object:
 * `{"blob":"00ff"}`, `{"real":"Infinity"}`, `{"textBytes":"61ff"}` for text that is not valid UTF-8; digits are hex.
 *
 * `sql`: one INSERT for each row, in one transaction, for a table that exists. Generated columns are left out.
 */
export type ExportFormat = typeof EXPORT_FORMATS[number]

export interface ExportRequest {
  /** The name of one table. Case counts as it does in the database. */
  readonly table: string
  /** An SQL expression over the columns of the table. Default: every row. */
  readonly where?: string | undefined
  readonly format: ExportFormat
}

export interface ExportedTable {
  /** The name of the table as the database has it. */
  readonly table: string
  readonly rows: number
}

/** Takes the next bytes of an export; a producer waits until it resolves. */
export type WriteExport = (bytes: Buffer) => Promise<void>

/**
 * Writes rows of one table of one kind of source in a text format. Columns are in the order of the table, rows in that
 * of the primary key, or else of the storage. The rows are never in memory together.
 *
 * Both calls resolve once every row was read without an error and `write` has taken all bytes; if they reject, the
 * bytes so far are no export. They reject with `TABLE_NOT_FOUND`, whose hint has the nearest name; `VALIDATION_FAILED`
 * for a condition that is not one expression over the table, or does more than compute a value, and for a name that is
 * not that of a table with rows of its own, such as a view; `SOURCE_…` and `PROCESS_…`; and with what `write` rejects
 * with.
 */
export interface ExportTool {
  /** Rows of a backup. Also rejects with what its images throw. */
  fromBackup(
    backup: Restorable,
    request: ExportRequest,
    write: WriteExport,
    signal: AbortSignal
  ): Promise<ExportedTable>
  /**
   * Rows of a source as it is at one moment, without a change of it. `source` was made by `KindTools.source` of the
   * same kind. Also rejects with `SOURCE_LOCKED`.
   */
  fromSource(source: Source, request: ExportRequest, write: WriteExport, signal: AbortSignal): Promise<ExportedTable>
}
