/** Bytes of everything in a tar archive: of headers, and of data with the zeros after it. */
export const BLOCK = 512
/** Two blocks of zeros end an archive. */
export const END_OF_ARCHIVE = Buffer.alloc(2 * BLOCK)
/** The largest values of the octal fields of a header: eleven digits for a size or a time, seven for an owner. */
export const LARGEST_SIZE = 8 ** 11 - 1
export const LARGEST_ID = 8 ** 7 - 1
/** Bytes that a header has for the name. */
export const LONGEST_NAME = 100

/** The fields of a header. A number that is too large is written as the largest one. */
export interface HeaderFields {
  /** Of the first `LONGEST_NAME` characters, one byte each. */
  readonly name: string
  /** The flag of the type: `0` is a file, `x` an extended header. */
  readonly type: string
  /** Bytes of the data. */
  readonly size: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Seconds since 1970; a time before is written as 0. */
  readonly mtime: number
}

/** A header block: POSIX.1-2017, pax, "ustar Header Block". */
export function headerBlock ({ name, type, size, mode, uid, gid, mtime }: HeaderFields): Buffer {
  const header = Buffer.alloc(BLOCK)
  const octal = (value: number, at: number, digits: number): void => {
    header.write(value.toString(8).padStart(digits, '0'), at, 'latin1')
  }
  header.write(name, 0, LONGEST_NAME, 'latin1')
  octal(mode, 100, 7)
  octal(Math.min(uid, LARGEST_ID), 108, 7)
  octal(Math.min(gid, LARGEST_ID), 116, 7)
  octal(Math.min(size, LARGEST_SIZE), 124, 11)
  octal(Math.min(Math.max(0, mtime), LARGEST_SIZE), 136, 11)
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

/** One record of an extended header (pax), which begins with its own length in bytes. */
export function paxRecord (key: string, value: Buffer | string): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')])
  let length = rest.length + String(rest.length).length
  if (rest.length + String(length).length > length) length++
  return Buffer.concat([Buffer.from(String(length)), rest])
}

/** `size` bytes and the zeros after them. Bytes. */
export function padded (size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK
}

/** Zeros from the end of `size` bytes to the end of their last block. */
export function padding (size: number): Buffer {
  return Buffer.alloc(padded(size) - size)
}
