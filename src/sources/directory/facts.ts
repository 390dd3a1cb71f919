import type { Details, SnapshotFacts } from '../../core/ports/source.ts'
import type { FinishedList } from './list-file.ts'
import type { SnapshotTask } from './protocol.ts'
import type { Tally } from './tally.ts'

/** What a backup does not contain, or not as it should be. */
export interface Passed {
  readonly unreadable: Tally
  /** Files that changed each time they were read. */
  readonly changed: Tally
  /** Sockets, devices, FIFOs, and the content of other file systems where that is not wanted. */
  readonly leftOut: Tally
  /** SQLite databases and data directories of PostgreSQL, which were copied without their own consistent view. */
  readonly databases: Tally
  /** Names that were removed between two looks. */
  readonly vanished: number
  readonly excluded: number
}

/** Names of one kind. `paths`: the first hundred, for people. */
export interface Names {
  readonly count: number
  readonly paths: readonly string[]
}

/** The details of the facts of a directory. */
export interface DirectoryDetails {
  readonly root: 'directory' | 'file'
  /** Of the backup in its chain: 0 for a full one. */
  readonly depth: number
  readonly files: number
  readonly directories: number
  readonly symlinks: number
  readonly hardlinks: number
  /** Of the files, holes included. */
  readonly bytes: number
  /** Of the plain bytes of the part `files`, in hex. */
  readonly listSha256: string
  readonly xattrs: boolean
  readonly unreadable: Names
  readonly changed: Names
  readonly leftOut: Names
  readonly databases: Names
  readonly vanished: number
}

export function factsOf (
  engine: string,
  isFile: boolean,
  { xattrs, depth }: Pick<SnapshotTask, 'xattrs' | 'depth'>,
  { sha256, totals }: FinishedList,
  passed: Passed
): SnapshotFacts {
  const { files, directories, symlinks, hardlinks, bytes } = totals
  const details: DirectoryDetails = {
    root: isFile ? 'file' : 'directory',
    depth,
    files,
    directories,
    symlinks,
    hardlinks,
    bytes,
    listSha256: sha256,
    xattrs,
    unreadable: passed.unreadable.result(),
    changed: passed.changed.result(),
    leftOut: passed.leftOut.result(),
    databases: passed.databases.result(),
    vanished: passed.vanished
  }
  return {
    engine,
    tables: [{ name: 'bytes', rows: bytes }, { name: 'directories', rows: directories }, {
      name: 'files',
      rows: files
    }],
    properties: {
      content: details.root,
      storedFiles: totals.stored,
      symlinks,
      hardlinks,
      unreadable: passed.unreadable.count,
      changedWhileRead: passed.changed.count,
      leftOut: passed.leftOut.count,
      databases: passed.databases.count,
      vanished: passed.vanished,
      excluded: passed.excluded
    },
    details: details as unknown as Details
  }
}

/** Reads the details; null: they are not those of a directory. */
export function directoryDetails ({ details }: Pick<SnapshotFacts, 'details'>): DirectoryDetails | null {
  const { root, listSha256, xattrs } = details
  const counts = ['depth', 'files', 'directories', 'symlinks', 'hardlinks', 'bytes', 'vanished'].map(key =>
    details[key]
  )
  const names = ['unreadable', 'changed', 'leftOut', 'databases'].map(key => details[key])
  const isValid = (root === 'directory' || root === 'file') && typeof xattrs === 'boolean' &&
    typeof listSha256 === 'string' && /^[0-9a-f]{64}$/.test(listSha256) && counts.every(isCount) && names.every(isNames)
  return isValid ? details as unknown as DirectoryDetails : null
}

function isCount (value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isNames (value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'count' in value && isCount(value.count) && 'paths' in value &&
    Array.isArray(value.paths) && value.paths.every(path => typeof path === 'string')
}
