import type { Readable } from 'node:stream'
import type { Check } from './verification.ts'

export interface TableFacts {
  readonly name: string
  /** null: not countable, because an extension that the table needs is not installed here. */
  readonly rows: number | null
}

/**
 * The property that counts values which break a constraint of their table in the source itself, so that a verification
 * can tell damage from habit. Absent: there were none.
 */
export const CONSTRAINT_VIOLATIONS = 'constraintViolations'
/** Its value until the image has been inspected. */
export const NOT_COUNTED = 'not counted'

/** What is true of one snapshot; the manifest keeps it, a verification compares against it. */
export interface SnapshotFacts {
  /** What made the image, with its version: `sqlite 3.54.1`. */
  readonly engine: string
  /** Every table, in the order of names; of a kind without tables its other quantities, such as files. */
  readonly tables: readonly TableFacts[]
  /** Facts of one kind only, for people: page size, journal mode, encoding. */
  readonly properties: Readonly<Record<string, string | number>>
  /** Facts of one kind only, for its inspector, which checks them when it reads them. */
  readonly details: Details
}

export type Details = Readonly<Record<string, JsonValue>>
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue }

/** One consistent view of a source, on its way out. */
export interface Snapshot {
  /** Ends only after the producer succeeded; a producer that fails destroys it with a BackupError. */
  readonly image: Readable
  /** Exact length of the image in bytes, known before the first one is read. */
  readonly size: number
  /** Resolves once the image has ended; rejects with the error that destroyed it. */
  facts(): Promise<SnapshotFacts>
  /** Gives up whatever the snapshot still holds. Safe to call twice, and at any time. */
  close(): Promise<void>
}

export interface Probe {
  /** How large an image would be, in bytes, as far as can be told beforehand. */
  readonly size: number
  /** Bytes of scratch space that taking a snapshot needs. */
  readonly scratch: number
}

/** Something protected. Failures are BackupErrors with a code that starts with `SOURCE_`. */
export interface Source {
  readonly name: string
  readonly kind: string
  /** Where it is, for people. */
  readonly location: string
  /** What the files of its plain images end with: `.db`. */
  readonly extension: string
  /** Fails fast and cheaply when a backup could not succeed. Changes nothing. */
  probe(signal: AbortSignal): Promise<Probe>
  /** One consistent image, taken while others keep writing. May be repeated. */
  snapshot(signal: AbortSignal): Promise<Snapshot>
  /**
   * Proves the plain image in the file `path` usable and compares it with `expected`, where that is known; never writes
   * to the file or beside it. Finding damage is a result (a check that failed), not an error; an error means that the
   * check itself could not be made.
   */
  inspect(path: string, expected: SnapshotFacts | null, signal: AbortSignal): Promise<readonly Check[]>
}

/** Proves images of one kind, also of sources that are no longer configured. */
export type Inspector = Pick<Source, 'inspect'>
