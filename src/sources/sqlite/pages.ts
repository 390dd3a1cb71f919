import { readSync, writeSync } from 'node:fs'
import { BackupError } from '../../core/errors.ts'

/** Plain bytes read at once. Small enough for the cache, large enough that calls do not count. */
const CHUNK = 1024 * 1024
/** SQLite never stores anything in the page that holds this byte: its locks are there. */
const LOCK_BYTE = 0x4000_0000

/** Everything that makes up one image: pages of the main file, with the WAL's committed ones laid over them. */
export interface PageSource {
  readonly path: string
  readonly mainFd: number
  readonly pageSize: number
  readonly pages: number
  readonly walFd: number | null
  readonly walOffsets: ReadonlyMap<number, number>
}

/** Reads exactly `into.length` bytes. Throws `SOURCE_FAILED` where the file ends before. */
export function readFully (fd: number, into: Buffer, position: number): void {
  const got = readUpTo(fd, into, position)
  if (got < into.length) {
    throw new BackupError('SOURCE_FAILED', `the file ends at byte ${position + got}`, {
      hint: 'Retry: the file was truncated while it was read.'
    })
  }
}

/** Writes all of `bytes` to a descriptor that blocks. */
export function writeFully (fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done)
}

/** Writes the image to `outFd`, from the first page to the last, in blocking calls. */
export function writePages (source: PageSource, outFd: number): void {
  const { pageSize, pages } = source
  const perChunk = Math.max(1, Math.floor(CHUNK / pageSize))
  const chunk = Buffer.alloc(perChunk * pageSize)
  for (let first = 1; first <= pages; first += perChunk) {
    const count = Math.min(perChunk, pages - first + 1)
    const view = chunk.subarray(0, count * pageSize)
    readChunk(source, first, view)
    writeFully(outFd, view)
  }
}

function readChunk (source: PageSource, first: number, view: Buffer): void {
  const { mainFd, pageSize, walFd, walOffsets } = source
  const got = readUpTo(mainFd, view, (first - 1) * pageSize)
  view.fill(0, got)
  for (let at = 0; at < view.length; at += pageSize) {
    const page = first + at / pageSize
    const offset = walOffsets.get(page)
    if (offset !== undefined && walFd !== null) readFully(walFd, view.subarray(at, at + pageSize), offset)
    else if (at + pageSize > got && page !== lockPage(pageSize)) throw shortFile(source, page)
  }
}

/** Reads as much as there is, and returns how much it was. */
export function readUpTo (fd: number, into: Buffer, position: number): number {
  let done = 0
  while (done < into.length) {
    const n = readSync(fd, into, done, into.length - done, position + done)
    if (n === 0) break
    done += n
  }
  return done
}

function lockPage (pageSize: number): number {
  return LOCK_BYTE / pageSize + 1
}

function shortFile (source: PageSource, page: number): BackupError {
  return new BackupError('SOURCE_MALFORMED', `"${source.path}" ends before page ${page} of ${source.pages}`, {
    hint: 'The database was truncated: run "PRAGMA integrity_check" on it, and keep the backups from before the damage.'
  })
}
