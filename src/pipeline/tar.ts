import { Readable } from 'node:stream'

/** A file to be put into an archive. */
export interface TarFile {
  /** Without a folder. Any length, any letters. */
  readonly name: string
  /** Exact length in bytes. */
  readonly size: number
  readonly modified: Date
}

export interface TarMember extends TarFile {
  /** Opens exactly `size` bytes, or a stream that errors. */
  open(signal: AbortSignal): Promise<Readable>
}

const BLOCK = 512
/** Two blocks of zeros end an archive. */
const END = Buffer.alloc(2 * BLOCK)
/** What a header has room for: bytes of the name, and of the size in eleven octal digits. */
const LONGEST_NAME = 100
const LARGEST_SIZE = 8 ** 11 - 1

/** Bytes of an archive with these files. */
export function tarSize (files: readonly TarFile[]): number {
  return files.reduce((sum, file) => sum + tarHeader(file).length + file.size + padding(file.size).length, END.length)
}

/**
 * An archive of these files in their order, as POSIX.1-2001 has it (pax), to be read by every tar. One is open at a
 * time. Errors with what `open` rejects with and with what its stream errors with; then the archive has no end. In any
 * case no stream of a file stays open.
 */
export function tarStream (members: readonly TarMember[], signal: AbortSignal): Readable {
  return Readable.from(tarBytes(members, signal), { objectMode: false })
}

async function* tarBytes (members: readonly TarMember[], signal: AbortSignal): AsyncGenerator<Buffer> {
  for (const member of members) {
    yield tarHeader(member)
    yield* await member.open(signal) as AsyncIterable<Buffer>
    yield padding(member.size)
  }
  yield END
}

/**
 * What comes before the bytes of a file: a block of 512 bytes, and before it an extended header for a name or a size
 * that has no room in it.
 */
export function tarHeader (file: TarFile): Buffer {
  const { name, size } = file
  const isShort = name.length <= LONGEST_NAME && /^[\x20-\x7e]*$/.test(name)
  const records = [
    ...isShort ? [] : [record('path', name)],
    ...size <= LARGEST_SIZE ? [] : [record('size', String(size))]
  ]
  const own = block({ ...file, name: isShort ? name : asciiOf(name), size: Math.min(size, LARGEST_SIZE) }, '0')
  if (records.length === 0) return own
  const extended = Buffer.from(records.join(''))
  return Buffer.concat([
    block({ name: 'pax-header', size: extended.length, modified: file.modified }, 'x'),
    extended,
    padding(extended.length),
    own
  ])
}

/** One line of an extended header, which begins with its own length in bytes. */
function record (key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  const bytes = Buffer.byteLength(rest)
  let length = bytes + String(bytes).length
  if (bytes + String(length).length > length) length++
  return `${length}${rest}`
}

/** For a reader that does not know extended headers. */
function asciiOf (name: string): string {
  return name.replaceAll(/[^\x20-\x7e]/g, '_').slice(0, LONGEST_NAME)
}

function block ({ name, size, modified }: TarFile, type: '0' | 'x'): Buffer {
  const header = Buffer.alloc(BLOCK)
  const octal = (value: number, at: number, digits: number): void => {
    header.write(value.toString(8).padStart(digits, '0'), at, 'latin1')
  }
  header.write(name, 0, LONGEST_NAME, 'latin1')
  octal(0o600, 100, 7)
  octal(0, 108, 7)
  octal(0, 116, 7)
  octal(size, 124, 11)
  octal(Math.min(Math.max(0, Math.floor(modified.getTime() / 1000)), LARGEST_SIZE), 136, 11)
  header.write(type, 156, 'latin1')
  header.write('ustar\x0000', 257, 'latin1')
  octal(0, 329, 7)
  octal(0, 337, 7)
  // The sum over the header counts its own field as spaces.
  header.fill(' ', 148, 156)
  octal(header.reduce((sum, byte) => sum + byte, 0), 148, 6)
  header.write('\0 ', 154, 'latin1')
  return header
}

/** Zeros up to the end of a block. */
function padding (size: number): Buffer {
  return Buffer.alloc((BLOCK - size % BLOCK) % BLOCK)
}
