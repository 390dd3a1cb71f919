import { BLOCK } from '../../files/tar-blocks.ts'
import { MalformedError } from './malformed.ts'

const ZEROS = Buffer.alloc(BLOCK)

/** Where the fields of a header are, and their lengths: POSIX.1-2017, pax, "ustar Header Block". */
const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkname: [157, 100],
  magic: [257, 8],
  prefix: [345, 155]
} as const
type Field = keyof typeof FIELDS

const POSIX_MAGIC = 'ustar\x0000'
const GNU_MAGIC = 'ustar  \0'

const SPACE = 0x20
const ZERO = 0x30
const SEVEN = 0x37
const SLASH = Buffer.from('/')

/** One header block, its fields as they are in it. */
export interface TarHeader {
  /** The flag of the type: `0`, `5`, `x`. */
  readonly type: string
  readonly name: Buffer
  readonly linkname: Buffer
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Bytes of the data after the header. */
  readonly size: number
  /** Seconds since 1970. */
  readonly mtime: bigint
}

export function isZeroBlock (block: Buffer): boolean {
  return block[0] === 0 && block.equals(ZEROS)
}

/** Throws `MalformedError` for a block that is no header, with a message that begins with no place. */
export function readHeader (block: Buffer): TarHeader {
  const magic = slice(block, 'magic').toString('latin1')
  if (magic !== POSIX_MAGIC && magic !== GNU_MAGIC) {
    throw new MalformedError('the block is no header of a tar archive (POSIX or GNU)')
  }
  requireChecksum(block)
  const prefix = magic === POSIX_MAGIC ? text(block, 'prefix') : ZEROS.subarray(0, 0)
  const name = text(block, 'name')
  return {
    type: slice(block, 'type').toString('latin1'),
    name: prefix.length === 0 ? name : Buffer.concat([prefix, SLASH, name]),
    linkname: text(block, 'linkname'),
    mode: whole(block, 'mode'),
    uid: whole(block, 'uid'),
    gid: whole(block, 'gid'),
    size: whole(block, 'size'),
    mtime: number(block, 'mtime')
  }
}

function requireChecksum (block: Buffer): void {
  const [start, length] = FIELDS.checksum
  let sum = SPACE * length
  for (let i = 0; i < BLOCK; i++) sum += block[i] ?? 0
  for (let i = start; i < start + length; i++) sum -= block[i] ?? 0
  if (whole(block, 'checksum') !== sum) throw new MalformedError('the checksum of the header is wrong')
}

function slice (block: Buffer, field: Field): Buffer {
  const [start, length] = FIELDS[field]
  return block.subarray(start, start + length)
}

/** A copy: blocks are pieces of larger buffers. */
function text (block: Buffer, field: Field): Buffer {
  const bytes = slice(block, field)
  const end = bytes.indexOf(0)
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end))
}

function whole (block: Buffer, field: Field): number {
  const value = number(block, field)
  if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new MalformedError(`the header has ${value} as its ${field}`)
  }
  return Number(value)
}

/** Octal digits, or a number to the base 256, as GNU tar writes large and negative ones. */
function number (block: Buffer, field: Field): bigint {
  const bytes = slice(block, field)
  const first = bytes[0] ?? 0
  return first === 0x80 || first === 0xff ? binary(bytes, first === 0xff) : octal(bytes, field)
}

function binary (bytes: Buffer, isNegative: boolean): bigint {
  const value = BigInt(`0x${bytes.subarray(1).toString('hex')}`)
  return isNegative ? value - (1n << BigInt(8 * (bytes.length - 1))) : value
}

function octal (bytes: Buffer, field: Field): bigint {
  let at = 0
  while (bytes[at] === SPACE) at++
  let value = 0
  for (; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === 0 || byte === SPACE) break
    if (byte < ZERO || byte > SEVEN) throw new MalformedError(`the ${field} of the header is no octal number`)
    value = value * 8 + byte - ZERO
  }
  for (; at < bytes.length; at++) {
    if (bytes[at] !== 0 && bytes[at] !== SPACE) throw new MalformedError(`the ${field} of the header has no end`)
  }
  return BigInt(value)
}
