import type { Assertion, AssertionResult } from '../../core/restore/drill.ts'
import type { SnapshotFacts } from '../../core/ports/source.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { Check } from '../../core/ports/verification.ts'

export interface ProbeTask {
  readonly path: string
}

/** The size of an image of a SQLite database is known beforehand. In bytes. */
export interface SqliteProbe {
  readonly size: number
  readonly scratch: number
}

export interface ProbeMessage {
  readonly type: 'probed'
  readonly probe: SqliteProbe
}

/** What a snapshot child is told. */
export interface SnapshotTask {
  readonly path: string
  readonly busyTimeout: number
  /** A path that does not exist yet, for the copy that rollback-journal mode needs. */
  readonly scratch: string
}

export interface InspectTask {
  readonly path: string
  /** null: nobody wrote down what was true of the source. */
  readonly expected: SnapshotFacts | null
}

export interface ImportTask {
  /** The database: a copy of this import alone, or, with `sql`, a file that does not exist yet. */
  readonly path: string
  /** The dump from which the database is made; null: the database is there. */
  readonly sql: string | null
  /** The file that is imported, for messages. */
  readonly name: string
  /** Whether a log or a journal is next to the database, and is applied to it. */
  readonly hasLog: boolean
}

export interface AssessTask {
  readonly path: string
  readonly assertion: Assertion
  /** ISO 8601. */
  readonly at: string
}

export interface QueryTask {
  readonly path: string
  readonly sql: string
}

export interface FailedMessage {
  readonly type: 'failed'
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string | undefined
}

export type SnapshotMessage =
  | { readonly type: 'started', readonly size: number }
  | { readonly type: 'facts', readonly facts: SnapshotFacts }
  | FailedMessage

export interface ImportMessage {
  readonly type: 'prepared'
}

export type AssessMessage =
  | { readonly type: 'result', readonly result: AssertionResult }
  | FailedMessage

export type InspectMessage =
  | { readonly type: 'checks', readonly checks: readonly Check[] }
  | FailedMessage

/** The rows go through `IMAGE_FD` (query-record.ts). */
export type QueryMessage = FailedMessage
