import { constants, fstatSync, openSync } from 'node:fs'
import { BackupError } from '../../core/errors.ts'
import { readUpTo } from './pages.ts'
import { FRAME_HEADER, WAL_HEADER, type WalIndex } from './wal.ts'

const MAGIC = 0x377f_0682
const VERSION = 3_007_000
/** The part of each header that its checksum covers. */
const HEADER_SUMMED = 24
const FRAME_SUMMED = 8
const READ_BLOCK = 4 * 1024 * 1024

type Sum = readonly [number, number]

/**
 * The committed frames of a WAL, found as SQLite's recovery finds them, without an index: the header must be whole, and
 * from the first frame on each must have the salts of the header and the right cumulative checksum, up to the last one
 * that commits. What comes after is no part of the database. https://sqlite.org/fileformat2.html, "WAL File Format",
 * "Checksum Algorithm"
 */
export class WalLog {
  readonly fd: number
  readonly #path: string
  readonly #offsets = new Map<number, number>()
  #header = Buffer.alloc(0)
  #frames = 0
  #pages = 0
  #sum: Sum = [0, 0]

  /**
   * Opens the WAL and keeps the descriptor: closing it would drop the locks of this process's own SQLite connection.
   */
  constructor (path: string) {
    this.#path = path
    this.fd = openSync(`${path}-wal`, constants.O_RDONLY | constants.O_NOFOLLOW)
  }

  /** Where the newest committed version of each page lies. */
  get offsets (): ReadonlyMap<number, number> {
    return this.#offsets
  }

  /** What an index of it would say. */
  get state (): Pick<WalIndex, 'frames' | 'pageSize' | 'pages' | 'salt' | 'checksum'> {
    return {
      frames: this.#frames,
      pageSize: this.#pageSize,
      pages: this.#pages,
      salt: this.#header.subarray(16, 24),
      checksum: this.#sum
    }
  }

  /**
   * Reads on from the last committed frame, or from the beginning where the WAL was started over. Whether anything is
   * new.
   */
  advance (): boolean {
    const header = Buffer.alloc(WAL_HEADER)
    const isWhole = readUpTo(this.fd, header, 0) === WAL_HEADER && isValid(header)
    const isNew = !header.equals(this.#header)
    if (isNew) {
      this.#header = header
      this.#frames = this.#pages = 0
      this.#offsets.clear()
      this.#sum = [header.readUInt32BE(24), header.readUInt32BE(28)]
    }
    if (!isWhole) return isNew
    if (header.readUInt32BE(4) !== VERSION) {
      throw new BackupError(
        'SOURCE_UNREADABLE',
        `the write-ahead log of "${this.#path}" has an unsupported format version`,
        { hint: 'Run "PRAGMA wal_checkpoint(TRUNCATE)" with the version of SQLite that wrote the log.' }
      )
    }
    const before = this.#frames
    this.#readFrames()
    return isNew || this.#frames !== before
  }

  get #pageSize (): number {
    return this.#header.length === 0 ? 0 : this.#header.readUInt32BE(8)
  }

  #readFrames (): void {
    const frameSize = FRAME_HEADER + this.#pageSize
    const isLittle = (this.#header.readUInt32BE(0) & 1) === 0
    const last = Math.floor((fstatSync(this.fd).size - WAL_HEADER) / frameSize)
    const perBlock = Math.max(1, Math.floor(READ_BLOCK / frameSize))
    const block = Buffer.alloc(Math.min(perBlock, Math.max(0, last - this.#frames)) * frameSize)
    const open: Array<readonly [page: number, offset: number]> = []
    let sum = this.#sum
    for (let frame = this.#frames; frame < last; frame += perBlock) {
      const start = WAL_HEADER + frame * frameSize
      const got = readUpTo(this.fd, block.subarray(0, Math.min(perBlock, last - frame) * frameSize), start)
      for (let at = 0; at + frameSize <= got; at += frameSize) {
        const page = block.readUInt32BE(at)
        if (page === 0 || !block.subarray(at + 8, at + 16).equals(this.#header.subarray(16, 24))) return
        sum = checksum(block, at, FRAME_SUMMED, isLittle, sum)
        sum = checksum(block, at + FRAME_HEADER, this.#pageSize, isLittle, sum)
        if (sum[0] !== block.readUInt32BE(at + 16) || sum[1] !== block.readUInt32BE(at + 20)) return
        open.push([page, start + at + FRAME_HEADER])
        const pages = block.readUInt32BE(at + 4)
        if (pages === 0) continue
        for (const [number, offset] of open.splice(0)) this.#offsets.set(number, offset)
        this.#frames = frame + at / frameSize + 1
        this.#pages = pages
        this.#sum = sum
      }
    }
  }
}

/** A header that is not whole makes SQLite ignore the whole WAL. */
function isValid (header: Buffer): boolean {
  const [magic, pageSize] = [header.readUInt32BE(0), header.readUInt32BE(8)]
  if (magic !== MAGIC && magic !== MAGIC + 1) return false
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) return false
  const [s0, s1] = checksum(header, 0, HEADER_SUMMED, (magic & 1) === 0, [0, 0])
  return s0 === header.readUInt32BE(24) && s1 === header.readUInt32BE(28)
}

/** Over `length` bytes, a multiple of 8, as words in the byte order that the magic number names. */
function checksum (bytes: Buffer, start: number, length: number, isLittle: boolean, [first, second]: Sum): Sum {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, length)
  let [s0, s1] = [first | 0, second | 0]
  for (let at = 0; at < length; at += 8) {
    s0 = (s0 + view.getInt32(at, isLittle) + s1) | 0
    s1 = (s1 + view.getInt32(at + 4, isLittle) + s0) | 0
  }
  return [s0 >>> 0, s1 >>> 0]
}
