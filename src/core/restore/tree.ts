import type { PlainImages } from '../ports/images.ts'

export const TREE_ENTRY_TYPES = ['file', 'directory', 'symlink', 'hardlink'] as const

/** One file, directory or link in a backup. */
export interface TreeEntry {
  /** Relative to the source; `.` is the source itself. Bytes that are no UTF-8 are `\x…`. */
  readonly path: string
  /** The bytes of the path, where they are no UTF-8; null: they are those of `path`. */
  readonly pathBytes: Buffer | null
  /** `hardlink`: another name of an earlier file of the list, which is its target. */
  readonly type: typeof TREE_ENTRY_TYPES[number]
  /** Bytes of the content of a file; otherwise 0. */
  readonly size: number
  /** To the millisecond. */
  readonly modified: Date
  /** The 12 bits of permission. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Of a link; null: it is none. */
  readonly target: string | null
  /** Of the content of a file, in hex; null: not known, also for a file with holes. */
  readonly sha256: string | null
  /** The content could not be read when the backup was made, and is not in it. */
  readonly isUnreadable: boolean
}

export interface TreeQuery {
  /** Paths of which one must match; see docs/cli.md. Empty: everything. */
  readonly patterns: readonly string[]
  /** At most this many. */
  readonly limit: number
  /** The `next` of the page before. Default: from the beginning. */
  readonly after?: string | undefined
}

export interface TreePage {
  /** In the order of the backup: a directory before its content. */
  readonly entries: readonly TreeEntry[]
  /** The `after` of the next page; null: this was the last. */
  readonly next: string | null
}

/** An entry of the list of a backup, for what compares paths and content. */
export interface ListedEntry {
  /** Relative to the source: the bytes of the names with `/` between them; `.` is the source itself. */
  readonly path: Buffer
  readonly type: typeof TREE_ENTRY_TYPES[number]
  /** Of a hard link: the path of the file, which comes before it in the list; null: it is none. */
  readonly original: Buffer | null
  /** Of the content of a file, in lowercase hex; null: not known, also for a file with holes and for a hard link. */
  readonly sha256: string | null
  /** The content could not be read when the backup was made, and is not in it. */
  readonly isUnreadable: boolean
}

/** Looks into backups of a kind that consist of files. Such a kind also restores selected paths (`Placement.only`). */
export interface TreeTool {
  /**
   * Throws `VALIDATION_FAILED` for a pattern or an `after` that is not valid, `BACKUP_INVALID` for a list that is
   * damaged, and what the images throw.
   */
  list(images: PlainImages, query: TreeQuery, signal: AbortSignal): Promise<TreePage>
  /**
   * The whole list of the backup in its order, one entry in memory at a time. Its end compares the digest of the list.
   * Throws `BACKUP_INVALID` for a list that is damaged, and what the images throw.
   */
  entries(images: PlainImages, signal: AbortSignal): AsyncIterable<ListedEntry>
}
