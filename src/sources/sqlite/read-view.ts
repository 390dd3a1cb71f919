import { existsSync } from 'node:fs'
import type Database from 'better-sqlite3'
import { BackupError, systemCode } from '../../core/errors.ts'
import { pragma } from './facts.ts'
import { otherName, pause } from './one-name.ts'
import { beFrugal, openShared } from './open.ts'
import { WalLog } from './wal-log.ts'
import {
  disagreement,
  isIndexUsed,
  openWalIndex,
  readWalFrames,
  readWalIndex,
  requireLastFrame,
  requireOurs,
  type IndexFile,
  type WalFrames,
  type WalIndex
} from './wal.ts'

/** Tries at catching a moment without a commit before a writer is asked to wait for one. */
const TRIES = 200
/**
 * A process that is just opening the database holds a lock before its `-wal` is there, for much less than this
 * together. Milliseconds.
 */
const LOOKS = 5
const LOOK_EVERY = 20

/** The journal mode that the connection uses, as of its last read: `wal`, or one with a rollback journal. */
export type AskMode = (db: Database.Database) => string

export function journalMode (db: Database.Database): string {
  return String(pragma(db, 'journal_mode'))
}

/** An open read transaction: until it ends, the connection and the files show the same, unchanging content. */
export interface ReadView {
  readonly db: Database.Database
  readonly journalMode: string
  /** The state of the WAL that the transaction reads; null in rollback-journal mode. */
  readonly wal: WalView | null
}

/** What a read transaction sees in WAL mode. */
export interface WalView {
  readonly pageSize: number
  /** Pages of the database; 0 where the WAL is empty, and only the main file has the sizes. */
  readonly pages: number
  /** null: the main file alone is the image. */
  readonly frames: WalFrames | null
  /** Throws `SOURCE_FAILED` where the WAL did not stay as the transaction sees it. */
  readonly requireUnchanged: () => void
}

/**
 * Opens the database at `path` (no symbolic link) and begins a read transaction. Throws what SQLite throws, and
 * `SOURCE_OTHER_NAME` where a process must have the database open under another name.
 *
 * Read-only wherever that is enough. Two cases need a connection that may write, as any other reader's would be: a hot
 * journal that must be rolled back, and a WAL database that nobody has open, where only such a connection takes its
 * `-wal` and `-shm` away again when it closes.
 */
export function openReadView (path: string, isWal: boolean, busyTimeout: number, ask: AskMode = journalMode): ReadView {
  const isTidy = isWal && !existsSync(`${path}-wal`)
  if (isTidy) requireUnused(path)
  try {
    return begin(path, busyTimeout, !isTidy, ask)
  } catch (error) {
    if (!/^SQLITE_(READONLY|CANTOPEN)/.test(systemCode(error) ?? '')) throw error
    return begin(path, busyTimeout, isTidy, ask)
  }
}

/**
 * Where no `-wal` is beside a database in WAL mode, no process can have it open by this name: each makes that file as
 * it opens the database. A lock that is there all the same belongs to a process that keeps its `-wal` elsewhere, such
 * as in another container. The exclusive lock that shows it is held for no longer than any last connection holds it as
 * it closes.
 */
function requireUnused (path: string): void {
  for (let i = 0; i < LOOKS; i++) {
    const db = openShared(path, { readonly: false, busyTimeout: 0 })
    try {
      db.pragma('locking_mode = EXCLUSIVE')
      db.prepare('SELECT count(*) FROM sqlite_schema').get()
      return
    } catch (error) {
      // Whatever else is wrong, the connection that reads finds it out.
      if (systemCode(error)?.startsWith('SQLITE_BUSY') !== true || existsSync(`${path}-wal`)) return
    } finally {
      db.close()
    }
    pause(LOOK_EVERY)
  }
  throw otherName(
    `"${path}" is in WAL mode and open in another process, but has no "-wal" file next to it: that process uses another name of the database`,
    'Mount the same directory, not a single file, into each container that uses the database, and set the path inside it.'
  )
}

function begin (path: string, busyTimeout: number, readonly: boolean, ask: AskMode): ReadView {
  const db = openShared(path, { readonly, busyTimeout: 0 })
  try {
    const mode = patiently(busyTimeout, () => {
      beFrugal(db)
      return ask(db)
    })
    if (mode !== 'wal') {
      patiently(busyTimeout, () => {
        beginRead(db)
      })
      if (ask(db) !== 'wal') return { db, journalMode: mode, wal: null }
      // Another process switched to WAL after it was asked. It stays WAL for as long as this connection is open.
      db.exec('ROLLBACK')
    }
    return { db, journalMode: 'wal', wal: beginWal(db, path, busyTimeout) }
  } catch (error) {
    db.close()
    throw error
  }
}

/**
 * Waits for others to let go, up to `timeout` milliseconds. SQLite's own busy handler soon asks only ten times a
 * second, and never hits the short gaps that a process leaves which commits without pause; this one asks every
 * millisecond.
 */
function patiently<T> (timeout: number, attempt: () => T): T {
  const until = performance.now() + timeout
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      if (systemCode(error)?.startsWith('SQLITE_BUSY') !== true || performance.now() >= until) throw error
      pause(1)
    }
  }
}

/** A transaction takes its view at the first read, not at BEGIN. */
function beginRead (db: Database.Database): void {
  db.exec('BEGIN')
  try {
    db.prepare('SELECT count(*) FROM sqlite_schema').get()
  } catch (error) {
    db.exec('ROLLBACK')
    throw error
  }
}

/**
 * Begins the transaction and finds out which frame of the WAL is the last that it sees, which SQLite does not tell:
 * where the index is the same before and after, it is the state that the transaction took. The number of
 * frames already in the main file is read between the two. If it covers all of them, the main file alone is the
 * image, and it stays so even if writers start the WAL over; if not, the transaction holds a mark that keeps the WAL.
 *
 * An index that this process must not write to, and that no other process uses, SQLite does not trust: it reads
 * the WAL itself, and so it is done here. Its lock keeps checkpoints away meanwhile.
 */
function beginWal (db: Database.Database, path: string, busyTimeout: number): WalView {
  const index = openWalIndex(path)
  const log = isIndexUsed(index) === true ? undefined : new WalLog(path)
  const attempt = (): WalView | undefined => tryBegin(db, path, index, log)
  for (let i = 0; i < TRIES; i++) {
    const view = patiently(busyTimeout, attempt)
    if (view !== undefined) return view
  }
  const unusable = new BackupError('SOURCE_UNREADABLE', `the wal-index of "${path}" cannot be used`, {
    hint: 'Give the user of the service write permission on the "-wal" and "-shm" files of the database.'
  })
  if (!index.isWritable) throw unusable
  return withoutWriters(path, busyTimeout, () => {
    const view = attempt()
    if (view === undefined) throw unusable
    return view
  })
}

/** undefined: something was committed meanwhile. */
function tryBegin (
  db: Database.Database,
  path: string,
  index: IndexFile,
  log: WalLog | undefined
): WalView | undefined {
  log?.advance()
  const before = readWalIndex(index)
  beginRead(db)
  try {
    const middle = readWalIndex(index)
    const after = readWalIndex(index)
    const isSame = before !== undefined && middle !== undefined && after?.bytes.equals(before.bytes) === true
    const isUsed = isIndexUsed(index)
    if (isUsed === true && isSame) return proven(db, path, fromIndex(path, index, middle))
    // Where it cannot be seen which of the two SQLite uses, both must be the same.
    const isLogged = isUsed === false ||
      (isUsed === undefined && isSame && log?.state.checksum.join() === middle.checksum.join())
    if (isLogged && log?.advance() === false) return proven(db, path, fromLog(path, log))
  } catch (error) {
    db.exec('ROLLBACK')
    throw error
  }
  db.exec('ROLLBACK')
  return undefined
}

function fromIndex (path: string, file: IndexFile, index: WalIndex): WalView {
  if (index.frames === 0 || index.backfilled >= index.frames) {
    return {
      pageSize: index.pageSize,
      pages: index.frames === 0 ? 0 : index.pages,
      frames: null,
      requireUnchanged () {}
    }
  }
  const frames = readWalFrames(path, file, index)
  return {
    pageSize: index.pageSize,
    pages: index.pages,
    frames,
    requireUnchanged () {
      requireLastFrame(path, frames.fd, index)
    }
  }
}

function fromLog (path: string, { fd, offsets, state }: WalLog): WalView {
  if (state.frames === 0) return { pageSize: 0, pages: 0, frames: null, requireUnchanged () {} }
  requireOurs(`${path}-wal`, fd)
  return {
    pageSize: state.pageSize,
    pages: state.pages,
    frames: { fd, offsets },
    requireUnchanged () {
      requireLastFrame(path, fd, state)
    }
  }
}

/** The view, once SQLite counts the same pages of the same size in its transaction. */
function proven (db: Database.Database, path: string, view: WalView): WalView {
  if (view.pages !== 0 && (pragma(db, 'page_count') !== view.pages || pragma(db, 'page_size') !== view.pageSize)) {
    throw disagreement(path)
  }
  return view
}

/** Holds the write lock, which keeps every commit out, for as long as `work` takes: microseconds here. */
function withoutWriters<T> (path: string, busyTimeout: number, work: () => T): T {
  const db = openShared(path, { readonly: false, busyTimeout })
  try {
    db.exec('BEGIN IMMEDIATE')
    return work()
  } finally {
    db.close()
  }
}
