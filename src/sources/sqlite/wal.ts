import { fstatSync, openSync, readSync } from 'node:fs'
import { endianness } from 'node:os'
import { BackupError } from '../../core/errors.ts'
import { readFully } from './pages.ts'

/** https://sqlite.org/walformat.html: two copies of the header, then the checkpoint information. */
const INDEX_HEADER = 48
const BACKFILL_AT = 2 * INDEX_HEADER
const INDEX_VERSION = 3_007_000
/** https://sqlite.org/fileformat2.html, "WAL File Format". */
const WAL_HEADER = 32
const FRAME_HEADER = 24
const READ_BLOCK = 4 * 1024 * 1024

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
  /** Frames that a checkpoint has already written into the main file. */
  readonly backfilled: number
}

/**
 * Opens the `-shm` file for looking at the wal-index. The descriptor stays open until the process ends: closing it
 * would drop the locks of this process's own SQLite connection.
 */
export function openWalIndex (path: string): number {
  return openSync(`${path}-shm`, 'r')
}

/** The present state, or undefined when a writer was caught in the middle of changing it. Numbers are in the machine's byte order. */
export function readWalIndex (fd: number): WalIndex | undefined {
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
    salt: bytes.subarray(32, 40),
    backfilled: word(block, BACKFILL_AT)
  }
}

/**
 * Where the newest committed version of each page lies in the WAL: page number to offset of the page's bytes. Opens the
 * WAL and keeps the descriptor, as `openWalIndex` does. Throws `SOURCE_FAILED` when the frames are not those of `index`.
 */
export function readWalFrames (path: string, index: WalIndex): { readonly fd: number, readonly offsets: ReadonlyMap<number, number> } {
  const fd = openSync(`${path}-wal`, 'r')
  const frameSize = FRAME_HEADER + index.pageSize
  const offsets = new Map<number, number>()
  if (fstatSync(fd).size < WAL_HEADER + index.frames * frameSize) throw disagreement(path)
  const perBlock = Math.max(1, Math.floor(READ_BLOCK / frameSize))
  const block = Buffer.alloc(perBlock * frameSize)
  for (let frame = 0; frame < index.frames; frame += perBlock) {
    const count = Math.min(perBlock, index.frames - frame)
    const start = WAL_HEADER + frame * frameSize
    readFully(fd, block.subarray(0, count * frameSize), start)
    for (let i = 0; i < count; i++) {
      const at = i * frameSize
      const page = block.readUInt32BE(at)
      if (page === 0 || !block.subarray(at + 8, at + 16).equals(index.salt)) throw disagreement(path)
      offsets.set(page, start + at + FRAME_HEADER)
    }
  }
  return { fd, offsets }
}

function disagreement (path: string): BackupError {
  return new BackupError('SOURCE_FAILED', `the write-ahead log of "${path}" does not fit its index`, { hint: 'Try again; if it stays so, stop the application, let "sqlite3" open the database once, and check it.' })
}

const isLittle = endianness() === 'LE'

function word (bytes: Buffer, at: number): number {
  return isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
}

function half (bytes: Buffer, at: number): number {
  return isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)
}

/** The header's own checksum over its first 40 bytes, as the file format's "Checksum Algorithm" defines it, in the machine's byte order. */
function checksumHolds (bytes: Buffer): boolean {
  let s0 = 0
  let s1 = 0
  for (let at = 0; at < 40; at += 8) {
    s0 = (s0 + word(bytes, at) + s1) >>> 0
    s1 = (s1 + word(bytes, at + 4) + s0) >>> 0
  }
  return s0 === word(bytes, 40) && s1 === word(bytes, 44)
}
