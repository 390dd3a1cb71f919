import type { Details, SnapshotFacts } from '../../core/ports/source.ts'
import { isSha256, isSize } from './entry.ts'
import type { ListTotals } from './list-counts.ts'
import type { FinishedList } from './list-file.ts'
import type { SnapshotTask } from './protocol.ts'
import type { Names, Tally } from './tally.ts'

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

/** The details of the facts of a directory. Of its names, the first hundred are in it. */
export interface DirectoryDetails extends ListTotals {
  readonly root: 'directory' | 'file'
  /** Of the backup in its chain: 0 for a full one. */
  readonly depth: number
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
  const { stored, ...counts } = totals
  const { files, directories, symlinks, hardlinks, bytes } = counts
  const details: DirectoryDetails = {
    root: isFile ? 'file' : 'directory',
    depth,
    ...counts,
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
      storedFiles: stored,
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
    isSha256(listSha256) && counts.every(isSize) && names.every(isNames)
  return isValid ? details as unknown as DirectoryDetails : null
}

function isNames (value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'count' in value && isSize(value.count) && 'paths' in value &&
    Array.isArray(value.paths) && value.paths.every(path => typeof path === 'string')
}
