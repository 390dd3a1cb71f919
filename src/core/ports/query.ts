import type { PlainImages } from './images.ts'

/** A file that a row of a database names. */
export interface NamedFile {
  /** The bytes of the path as the row has them; null: the row names no file. */
  readonly path: Buffer | null
  /** The SHA-256 of the content in lowercase hex that the row gives; null: it gives none. */
  readonly sha256: string | null
}

/** Runs queries on backups of a kind that consist of rows. */
export interface QueryTool {
  /**
   * The files that the rows of the result name, row by row; the rows are never in memory together. The first column is
   * a path: text, a blob of its bytes, or NULL. The second, which may be left out, is the SHA-256 of the content in
   * hex, or NULL. The query runs in a process of its own, which can read this backup and nothing else, and ends with
   * the iteration.
   *
   * Throws `QUERY_FAILED` for a query that cannot be evaluated, takes more time or memory than it may, or gives other
   * columns; `BACKUP_INVALID` where the backup turns out to be damaged; and what the images throw.
   */
  namedFiles(images: PlainImages, sql: string, signal: AbortSignal): AsyncIterable<NamedFile>
}
