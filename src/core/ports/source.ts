import type { Readable } from 'node:stream'
import type { ChainLink, ParentName } from '../backup/chain-link.ts'
import type { Compression } from './codec.ts'
import type { PlainImages } from './images.ts'
import type { PartOutline, PartStream } from './part.ts'
import type { Check, CheckDefinition } from './verification.ts'

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

/** The backup that an increment is built on. */
export interface Parent {
  readonly name: ParentName
  readonly facts: SnapshotFacts
  readonly link: ChainLink | null
  /** The plain bytes of one of its parts that are `isIndex`. Throws as `PlainImages.open` does. */
  open(part: string, signal: AbortSignal): Promise<Readable>
}

/** What is asked of a source. `compression`: of the stored bytes, which a source may apply itself (`isPacked`). */
export type SnapshotRequest =
  & { readonly compression: Compression }
  & (
    | { readonly method: 'full', readonly parent: null }
    | { readonly method: 'incremental', readonly parent: Parent }
  )

/** What is known once all parts were read. */
export interface Outcome {
  readonly facts: SnapshotFacts
  /** null: the source has no history that could be gone on from. */
  readonly link: ChainLink | null
}

/** One consistent view of a source, on its way out. Its instant is that at which `snapshot` resolved. */
export interface Snapshot {
  /**
   * The parts in the order of `outline`, the main one first. Each is read to its end, or the snapshot closed, before
   * the next one is asked for. Read once.
   */
  parts(): AsyncIterable<PartStream>
  /** Resolves once all parts have ended; rejects with the error that destroyed one. */
  outcome(): Promise<Outcome>
  /** Gives its processes their whole time again: it waits until other snapshots have been read. Default: has none. */
  extend?(): void
  /** Gives up whatever the snapshot still holds. Safe to call twice, and at any time. */
  close(): Promise<void>
}

export interface Probe {
  /** How large the plain bytes of all parts would be together, as far as can be told beforehand; null: not known. */
  readonly size: number | null
  /** Bytes of scratch space that taking a snapshot needs. */
  readonly scratch: number
}

/** Something protected. Failures are BackupErrors with a code that starts with `SOURCE_`. */
export interface Source {
  readonly name: string
  readonly kind: string
  /** Where it is, for people. */
  readonly location: string
  /** The parts of a backup, the main one first, so that files have their names before anything is read. */
  outline(compression: Compression): readonly [PartOutline, ...PartOutline[]]
  /** Fails fast and cheaply when a backup could not succeed. Changes nothing. */
  probe(request: SnapshotRequest, signal: AbortSignal): Promise<Probe>
  /**
   * Why no increment can be built on `parent`, in words; null: one can. A source without it makes no increments.
   */
  obstacle?(parent: Parent, signal: AbortSignal): Promise<string | null>
  /**
   * One consistent view, taken while others keep writing. May be repeated. An abort of `signal`, also later, destroys
   * the part that is being read with its reason; `outcome` rejects with it.
   */
  snapshot(request: SnapshotRequest, signal: AbortSignal): Promise<Snapshot>
  /** Makes backups of the source from files of other programs. A source without it cannot import any. */
  readonly importer?: Importer
}

/** A format of files of other programs, from which a backup can be made. */
export interface ImportForm {
  /** As the manifest has it: `sqlite`, `sql`, `tar`, `file`. */
  readonly name: string
  /** For people, without the article: `SQLite database`. */
  readonly label: string
  /** Ends of file names, without that of a compression, in lower case: `.db`. */
  readonly extensions: readonly string[]
  /** Beginnings of file names that have this format, too, in lower case: `pipeline.yaml`. Default: none. */
  readonly names?: readonly string[]
  /** Suffixes of files next to an uncompressed one that belong to it, and are read together with it: `-wal`. */
  readonly companions: readonly string[]
}

/** A file that is imported, decompressed. */
export interface PlainFile {
  readonly form: ImportForm
  /** The copy of its content, in `folder`; copies of the companions are next to it. The importer may change them. */
  readonly path: string
  /** A directory of this import alone, which is removed after it. */
  readonly folder: string
  /** The path of the file itself, for messages. */
  readonly name: string
  /** The last modification of the file itself. */
  readonly modified: Date
  /** Throws `DISK_FULL` unless there is room for so many more bytes in `folder`. */
  requireRoom(bytes: number): Promise<void>
}

export interface PreparedImport {
  /** Reads the content. Name, kind, location and outline are those of the source itself. */
  readonly source: Source
  /** How the backup differs from the file, or from a backup of the source itself: sentences without a full stop. */
  readonly notes: readonly string[]
}

/** Makes backups of a source from files of other programs. */
export interface Importer {
  /** The formats, the usual one first. Never rejects. */
  forms(): Promise<readonly ImportForm[]>
  /**
   * Checks the content, and turns it into one that can be backed up. Changes nothing outside `folder`, whatever the
   * content is. Rejects with `IMPORT_REFUSED` for content that is damaged, cut off or unsafe, `IMPORT_UNSUPPORTED` for
   * content of another format than its name claims, and as a source does for lack of space, memory or time.
   */
  prepare(file: PlainFile, signal: AbortSignal): Promise<PreparedImport>
}

/** Verifies the content of backups of one kind, also of sources that are no longer configured. */
export interface Inspector {
  /** The levels that it tries, in their order. */
  readonly checks: readonly CheckDefinition[]
  /**
   * Shows that the images can be used, and compares them with `expected`, where that is known; never writes to a file
   * of theirs. Finding damage is a result (a check that failed), not an error; an error means that the check itself
   * could not be made. Images need not be read to their end: the caller reads the rest.
   */
  inspect(images: PlainImages, expected: SnapshotFacts | null, signal: AbortSignal): Promise<readonly Check[]>
}
