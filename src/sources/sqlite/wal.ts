import { constants, fstatSync, openSync, readSync } from 'node:fs'
import { endianness } from 'node:os'
import { BackupError, systemCode } from '../../core/errors.ts'
import { readFully } from './pages.ts'
import { fileLocks, isSameFile, openFiles, ownPid } from './processes.ts'

/**
 * https://sqlite.org/walformat.html: two copies of the header, then the checkpoint information, then the hash tables.
 */
const INDEX_HEADER = 48
const BACKFILL_AT = 2 * INDEX_HEADER
const INDEX_VERSION = 3_007_000
/** A hash table with the page numbers of so many frames; the first one has less room, because the header is in it. */
const TABLE_BYTES = 32_768
const TABLE_FRAMES = 4096
const FIRST_TABLE_AT = 136
const FIRST_TABLE_FRAMES = TABLE_FRAMES - FIRST_TABLE_AT / 4
/** The byte on which each connection that uses the file has a lock. */
const DEADMAN_BYTE = 128
/** https://sqlite.org/fileformat2.html, "WAL File Format". */
export const WAL_HEADER = 32
export const FRAME_HEADER = 24

/** One state of the wal-index: which frames are committed, and how large the database is with them. */
export interface WalIndex {
  /** The header as it stands in the file; two of them are equal only if nothing was committed between. */
  readonly bytes: Buffer
  readonly pageSize: number
  /** Committed frames. */
  readonly frames: number
  /** Pages of the database after the last committed frame. */
  readonly pages: number
  readonly salt: Buffer
  /** The cumulative checksum of the last committed frame. */
  readonly checksum: readonly [number, number]
  /** Frames that a checkpoint has already written into the main file. */
  readonly backfilled: number
}

/** The `-shm` file. */
export interface IndexFile {
  readonly fd: number
  readonly path: string
  /**
   * Whether this process may write to it. Then SQLite uses the file, and makes it anew if no other process does. If
   * not, SQLite uses it only beside another process, and otherwise makes an index of its own in memory.
   */
  readonly isWritable: boolean
}

/** Where the newest committed version of each page lies in the WAL. */
export interface WalFrames {
  readonly fd: number
  /** Page number to offset of the page's bytes. */
  readonly offsets: ReadonlyMap<number, number>
}

/**
 * Opens the `-shm` file for looking at the wal-index. The descriptor stays open until the process ends: closing it
 * would drop the locks of this process's own SQLite connection.
 */
export function openWalIndex (path: string): IndexFile {
  const file = `${path}-shm`
  try {
    return { fd: openSync(file, constants.O_RDWR | constants.O_NOFOLLOW), path: file, isWritable: true }
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes(systemCode(error) ?? '')) throw error
    return { fd: openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW), path: file, isWritable: false }
  }
}

/**
 * Whether SQLite's connection in this process uses the file, and no index of its own. undefined: this system does not
 * show it.
 */
export function isIndexUsed ({ fd, isWritable }: IndexFile): boolean | undefined {
  if (isWritable) return true
  const [locks, pid, { ino }] = [fileLocks(), ownPid(), fstatSync(fd)]
  return locks?.some(lock =>
    lock.pid === pid && lock.inode === ino && lock.first <= DEADMAN_BYTE && lock.last >= DEADMAN_BYTE
  )
}

/**
 * The present state, or undefined when a writer was caught in the middle of changing it. Numbers are in the machine's
 * byte order.
 */
export function readWalIndex ({ fd }: IndexFile): WalIndex | undefined {
  const block = Buffer.alloc(BACKFILL_AT + 4)
  if (readSync(fd, block, 0, block.length, 0) < block.length) return undefined
  const bytes = block.subarray(0, INDEX_HEADER)
  if (!bytes.equals(block.subarray(INDEX_HEADER, BACKFILL_AT))) return undefined
  const isInitialised = bytes[12] === 1
  if (!isInitialised || word(bytes, 0) !== INDEX_VERSION || !checksumHolds(bytes)) return undefined
  const size = half(bytes, 14)
  return {
    bytes,
    pageSize: (size & 0xfe00) + ((size & 1) << 16),
    frames: word(bytes, 16),
    pages: word(bytes, 20),
    checksum: [word(bytes, 24), word(bytes, 28)],
    salt: bytes.subarray(32, 40),
    backfilled: word(block, BACKFILL_AT)
  }
}

/**
 * The frames of `index`, once the index is proven to be that of the WAL beside the database. Which page each frame
 * holds is read from the index, as SQLite does. Opens the WAL and keeps the descriptor, as `openWalIndex` does. Throws
 * `SOURCE_FAILED` where they do not fit.
 */
export function readWalFrames (path: string, file: IndexFile, index: WalIndex): WalFrames {
  const log = `${path}-wal`
  const fd = openSync(log, constants.O_RDONLY | constants.O_NOFOLLOW)
  requireOurs(log, fd)
  requireOurs(file.path, file.fd)
  requireLastFrame(path, fd, index)
  const frameSize = FRAME_HEADER + index.pageSize
  const offsets = new Map<number, number>()
  let frame = 0
  for (const page of pageNumbers(file, index.frames)) {
    if (page === 0) throw disagreement(path)
    offsets.set(page, WAL_HEADER + frame * frameSize + FRAME_HEADER)
    frame++
  }
  return { fd, offsets }
}

/**
 * Throws `SOURCE_FAILED` unless the last committed frame of the WAL is that of the index: its salts, its size of the
 * database, and its checksum, which covers every byte of the WAL up to there.
 */
export function requireLastFrame (
  path: string,
  fd: number,
  { frames, pageSize, pages, salt, checksum }: Pick<WalIndex, 'frames' | 'pageSize' | 'pages' | 'salt' | 'checksum'>
): void {
  const header = Buffer.alloc(FRAME_HEADER)
  const at = WAL_HEADER + (frames - 1) * (FRAME_HEADER + pageSize)
  if (fstatSync(fd).size < at + FRAME_HEADER + pageSize) throw disagreement(path)
  readFully(fd, header, at)
  const found = [header.readUInt32BE(4), header.readUInt32BE(16), header.readUInt32BE(20)]
  if (!header.subarray(8, 16).equals(salt) || found.join() !== [pages, ...checksum].join()) throw disagreement(path)
}

/** Throws where the connection in this process has another file open under that name than `fd`. */
export function requireOurs (path: string, fd: number): void {
  const stats = fstatSync(fd)
  if (openFiles('self', { left: Infinity }, path).some(file => file.isDeleted || !isSameFile(file.stats, stats))) {
    throw disagreement(path)
  }
}

/** The page of each frame, from the first one on. */
function* pageNumbers ({ fd, path }: IndexFile, frames: number): Generator<number> {
  for (let done = 0, table = 0; done < frames; table++) {
    const count = Math.min(frames - done, table === 0 ? FIRST_TABLE_FRAMES : TABLE_FRAMES)
    const block = Buffer.alloc(count * 4)
    if (readSync(fd, block, 0, block.length, table === 0 ? FIRST_TABLE_AT : table * TABLE_BYTES) < block.length) {
      throw disagreement(path)
    }
    for (let at = 0; at < block.length; at += 4) yield word(block, at)
    done += count
  }
}

export function disagreement (path: string): BackupError {
  return new BackupError('SOURCE_FAILED', `the write-ahead log of "${path}" does not match its index or the database`, {
    hint: 'Retry. If the error remains, stop the application, open the database once with "sqlite3", and check it.'
  })
}

const isLittle = endianness() === 'LE'

function word (bytes: Buffer, at: number): number {
  return isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
}

function half (bytes: Buffer, at: number): number {
  return isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)
}

/**
 * The header's own checksum over its first 40 bytes, as the file format's "Checksum Algorithm" defines it, in the
 * machine's byte order.
 */
function checksumHolds (bytes: Buffer): boolean {
  let s0 = 0
  let s1 = 0
  for (let at = 0; at < 40; at += 8) {
    s0 = (s0 + word(bytes, at) + s1) >>> 0
    s1 = (s1 + word(bytes, at + 4) + s0) >>> 0
  }
  return s0 === word(bytes, 40) && s1 === word(bytes, 44)
}
