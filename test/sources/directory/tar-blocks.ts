/** Two blocks of zeros. */
export const END = Buffer.alloc(1024)

export interface HeaderFields {
  readonly name: string
  /** Default: `0`, a file. */
  readonly type?: string
  readonly size?: number
  /** Takes the place of `size`. */
  readonly rawSize?: string | Buffer
  readonly link?: string
}

/** A header block of POSIX.1-2001 with a right checksum, whatever its fields contain. */
export function header ({ name, type = '0', size = 0, rawSize, link = '' }: HeaderFields): Buffer {
  const block = Buffer.alloc(512)
  const field = (value: string, at: number): void => {
    block.write(value, at, 'latin1')
  }
  field(name, 0)
  field('0000644', 100)
  field('0001750', 108)
  field('0001750', 116)
  if (rawSize === undefined) field(size.toString(8).padStart(11, '0'), 124)
  else Buffer.from(rawSize).copy(block, 124)
  field('00000000012', 136)
  field('        ', 148)
  field(type, 156)
  field(link, 157)
  field('ustar\x0000', 257)
  field(block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0'), 148)
  field('\0 ', 154)
  return block
}

/** An extended header for the next member, or for all of them (`g`). */
export function pax (records: string, type: 'x' | 'g' = 'x'): Buffer {
  const content = Buffer.from(records, 'latin1')
  return Buffer.concat([
    header({ name: 'PaxHeaders/a', type, size: content.length }),
    content,
    Buffer.alloc((512 - content.length % 512) % 512)
  ])
}
