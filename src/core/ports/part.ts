import type { Readable } from 'node:stream'
import type { Compression } from './codec.ts'

/** The name of the part that a backup is named after, and that is its content for a caller that knows no parts. */
export const MAIN = 'main'

/** Means all parts together where one may be chosen: no part has this name. */
export const ALL_PARTS = 'all'

/** Segments of letters, digits, `_` and `-` with `/` between them: `main`, `globals`, `payloads/files`. */
const PART_NAME = /^[a-z0-9_-]{1,63}(?:\/[a-z0-9_-]{1,63})*$/i
/** `sqlite`, `pg-archive`, `tar`. */
const PART_FORMAT = /^[a-z0-9][a-z0-9-]{0,31}$/

export function isPartName (name: string): boolean {
  return name.length <= 200 && name !== ALL_PARTS && PART_NAME.test(name)
}

export function isPartFormat (format: string): boolean {
  return PART_FORMAT.test(format)
}

/** Of content that nothing is known of. */
export const UNKNOWN_TYPE = 'application/octet-stream'
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  sql: 'application/sql',
  tar: 'application/x-tar'
}

/** The media type of plain bytes in this format, one that several kinds of source share. */
export function contentTypeOf (format: string): string {
  return Object.hasOwn(CONTENT_TYPES, format) ? CONTENT_TYPES[format] ?? UNKNOWN_TYPE : UNKNOWN_TYPE
}

/** One of the files of a backup, as its source names it before anything is read. */
export interface PartOutline {
  /** Unique within the backup: `main` for the first one (`isPartName`). */
  readonly name: string
  /** The format of the plain bytes, by which their kind of source knows them (`isPartFormat`). */
  readonly format: string
  /**
   * The end of the file name of the plain bytes: `.db`, `.tar`. The name of a part other than the main one comes before
   * it: `.globals.sql`.
   */
  readonly extension: string
  /** Small, and read without the other parts: an increment needs no other part of its parent. */
  readonly isIndex: boolean
  /** The source has compressed it: no codec is put over it. */
  readonly isPacked: boolean
}

/** The plain bytes of one part on their way out. */
export interface PartStream extends PartOutline {
  /** Ends only after the producer succeeded; a producer that fails destroys it with a BackupError. */
  readonly image: Readable
  /** Exact length in bytes; null: not known before the end. */
  readonly size: number | null
}

/** How a part was stored. */
export interface PartRecord {
  readonly name: string
  readonly format: string
  readonly isIndex: boolean
  /** The stored file. `name` is that of the file in the landing store, outside the trash. Size in bytes. */
  readonly object: { readonly name: string, readonly size: number, readonly sha256: string }
  /** Its plain bytes. */
  readonly image: { readonly size: number, readonly sha256: string }
  readonly compression: Compression
}

/** A file of a backup in addition to the main one. */
export interface BackupPart {
  /** Unique within the backup: `globals`. */
  readonly name: string
  /** Of the file, in the folder of the main one. */
  readonly fileName: string
  /** Stored bytes; null: not stored yet. */
  readonly size: number | null
  /** SHA-256 of the stored bytes, in hex; null: not stored yet. */
  readonly checksum: string | null
}
