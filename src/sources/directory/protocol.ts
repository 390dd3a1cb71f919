import type { SnapshotFacts } from '../../core/ports/source.ts'

/** What to do about files that cannot be read, and about files that keep changing while they are read. */
export const UNREADABLE_POLICIES = ['fail', 'report'] as const
export const CHANGE_POLICIES = ['report', 'fail'] as const

/** How a directory is read. */
export interface ReadOptions {
  /** Patterns of names to leave out, as in a `.gitignore`, one a line. */
  readonly exclude: string
  readonly oneFileSystem: boolean
  readonly xattrs: boolean
  readonly onUnreadable: typeof UNREADABLE_POLICIES[number]
  readonly onChange: typeof CHANGE_POLICIES[number]
}

export interface ProbeTask {
  readonly path: string
  /** GNU tar: a name that is looked up, or a path. */
  readonly tar: string
}

export interface ProbeMessage {
  readonly type: 'probed'
  /** Whether the source is one file. */
  readonly isFile: boolean
}

export interface SnapshotTask extends ReadOptions {
  readonly path: string
  readonly tar: string
  /** A path that does not exist yet, for the list of files. */
  readonly list: string
  /** The list of the parent, for an increment; null: a full backup. */
  readonly parentList: string | null
  /** Of this backup in its chain. */
  readonly depth: number
}

export type SnapshotMessage =
  | { readonly type: 'started' }
  /** Comes now and then while nothing is written. */
  | { readonly type: 'walking' }
  | { readonly type: 'facts', readonly facts: SnapshotFacts }
