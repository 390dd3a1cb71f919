/** A member of an archive as an attacker could write it: every field is as given, and the checksum right by default. */
export interface RawMember {
  readonly name: string | Buffer
  /** The flag: `0` a file, `1` a hard link, `2` a symbolic link, `3` and `4` devices, `5` a directory, `6` a FIFO. */
  readonly type?: string
  readonly data?: Buffer | string
  readonly linkname?: string
  /** Default: the length of the data. */
  readonly size?: number
  readonly mode?: number
  readonly checksum?: number
  /** Records of an extended header before it. */
  readonly records?: Readonly<Record<string, string>>
  /** Bytes of an extended header, in place of those of `records`. */
  readonly extended?: Buffer
  /** The flag of the extended header. Default: `x`. */
  readonly extendedType?: string
}

const BLOCK = 512

/** An archive of these members, with its end mark. */
export function rawTar (...members: readonly RawMember[]): Buffer {
  return Buffer.concat([...members.map(rawMember), Buffer.alloc(2 * BLOCK)])
}

function rawMember (member: RawMember): Buffer {
  const { data = '', records, extended, extendedType = 'x' } = member
  const content = Buffer.from(data)
  const before = extended ?? (records === undefined ? undefined : recordsOf(records))
  return Buffer.concat([
    ...before === undefined
      ? []
      : [block({ name: 'extended', type: extendedType, size: before.length }), padded(before)],
    block({ ...member, size: member.size ?? content.length }),
    padded(content)
  ])
}

function recordsOf (records: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(records).map(([key, value]) => {
      const rest = ` ${key}=${value}\n`
      const bytes = Buffer.byteLength(rest)
      let length = bytes + String(bytes).length
      if (bytes + String(length).length > length) length++
      return Buffer.from(`${length}${rest}`)
    })
  )
}

function padded (bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((BLOCK - bytes.length % BLOCK) % BLOCK)])
}

function block ({ name, type = '0', linkname = '', size = 0, mode = 0o644, checksum }: RawMember): Buffer {
  const header = Buffer.alloc(BLOCK)
  const octal = (value: number, at: number, digits: number): void => {
    header.write(value.toString(8).padStart(digits, '0').slice(-digits), at, 'latin1')
  }
  Buffer.from(name).copy(header, 0, 0, 100)
  octal(mode, 100, 7)
  octal(0, 108, 7)
  octal(0, 116, 7)
  octal(size, 124, 11)
  octal(0, 136, 11)
  header.write(type, 156, 'latin1')
  header.write(linkname, 157, 100, 'latin1')
  header.write('ustar\x0000', 257, 'latin1')
  octal(3, 329, 7)
  octal(1, 337, 7)
  header.fill(' ', 148, 156)
  octal(checksum ?? header.reduce((sum, byte) => sum + byte, 0), 148, 6)
  header.write('\0 ', 154, 'latin1')
  return header
}
