import { ROOT } from './entry-path.ts'
import type { EntryType } from './entry.ts'
import { MalformedError } from './malformed.ts'
import type { TarHeader } from './tar-header.ts'

/** The records of an extended header, by their keys: an extended header has no key twice. */
export type Records = ReadonlyMap<string, Buffer>

export type MemberType = EntryType | 'device' | 'fifo'

/** One member of an archive. */
export interface Member {
  /** As it is in the archive, without the slash at the end of a directory: `.` for `./`. Not checked further. */
  readonly path: Buffer
  readonly type: MemberType
  /** Of a file: its size with its holes. Bytes. */
  readonly size: number
  /** Bytes of its data in the archive, with the map of a sparse file. */
  readonly stored: number
  /** Where its data begins in the archive. Bytes. */
  readonly offset: number
  /** Nanoseconds since 1970. */
  readonly mtime: bigint
  /** The 12 bits of permission. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Of a symbolic or hard link; null: it is none. */
  readonly target: Buffer | null
  /** Its data begins with a map of its holes: GNU sparse format 1.0. */
  readonly isSparse: boolean
  /** Of its extended headers, also those of extended attributes. */
  readonly records: Records
}

const TYPES: Readonly<Record<string, MemberType>> = {
  0: 'file',
  '\0': 'file',
  7: 'file',
  1: 'hardlink',
  2: 'symlink',
  3: 'device',
  4: 'device',
  5: 'directory',
  6: 'fifo'
}

const SLASH = 0x2f
const NEWLINE = 0x0a
const SPACE = 0x20
const EQUALS = 0x3d
/** Of the length of a record. */
const MOST_DIGITS = 10
const NANOSECONDS = 1_000_000_000n

/**
 * The member of a header and of the extended headers before it. `offset`: where its data begins. Throws
 * `MalformedError`, with a message that begins with no place, for a type that is not known and for values that
 * contradict each other.
 */
export function memberOf (header: TarHeader, records: Records, offset: number): Member {
  const path = pathOf(header, records)
  const type = typeOf(header, path)
  const stored = wholeRecord(records, 'size') ?? header.size
  if (type !== 'file' && stored !== 0) throw new MalformedError(`a ${type} has data`)
  const sparse = sparseOf(records)
  if (sparse !== undefined && type !== 'file') throw new MalformedError(`a ${type} has a map of holes`)
  const target = records.get('linkpath') ?? header.linkname
  const isLink = type === 'symlink' || type === 'hardlink'
  if (isLink) requirePath(target, 'target of a link')
  return {
    path: type === 'directory' ? withoutSlashes(sparse?.path ?? path) : sparse?.path ?? path,
    type,
    size: sparse?.size ?? stored,
    stored,
    offset,
    mtime: timeRecord(records, 'mtime') ?? header.mtime * NANOSECONDS,
    mode: header.mode & 0o7777,
    uid: wholeRecord(records, 'uid') ?? header.uid,
    gid: wholeRecord(records, 'gid') ?? header.gid,
    target: isLink ? target : null,
    isSparse: sparse !== undefined,
    records
  }
}

/**
 * The records of an extended header: `LENGTH KEY=VALUE\n`, where the length counts the whole record. Throws
 * `MalformedError`.
 */
export function readRecords (content: Buffer): Records {
  const records = new Map<string, Buffer>()
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(SPACE, at)
    const digits = space < 0 || space - at > MOST_DIGITS ? '' : content.toString('latin1', at, space)
    const length = /^[1-9]\d*$/.test(digits) ? Number(digits) : 0
    const end = at + length
    if (end <= space + 1 || end > content.length || content[end - 1] !== NEWLINE) {
      throw new MalformedError('the length of a record of an extended header is wrong')
    }
    const equals = content.indexOf(EQUALS, space + 1)
    if (equals <= space + 1 || equals >= end) {
      throw new MalformedError('a record of an extended header has no key')
    }
    const key = content.toString('utf8', space + 1, equals)
    if (records.has(key)) throw new MalformedError(`an extended header has two values of "${key}"`)
    records.set(key, content.subarray(equals + 1, end - 1))
    at = end
  }
  return records
}

function pathOf (header: TarHeader, records: Records): Buffer {
  const path = records.get('path') ?? header.name
  requirePath(path, 'name')
  return path
}

function requirePath (path: Buffer, noun: string): void {
  if (path.length === 0) throw new MalformedError(`the ${noun} is empty`)
  if (path.includes(0)) throw new MalformedError(`the ${noun} contains the byte 0`)
}

/** In old archives a directory is a file whose name ends with a slash. */
function typeOf ({ type: flag }: TarHeader, path: Buffer): MemberType {
  const type = Object.hasOwn(TYPES, flag) ? TYPES[flag] : undefined
  if (type === undefined) {
    throw new MalformedError(`a member has the type ${JSON.stringify(flag)}, which is not known`)
  }
  return type === 'file' && path.at(-1) === SLASH ? 'directory' : type
}

function withoutSlashes (path: Buffer): Buffer {
  let end = path.length
  while (end > 1 && path[end - 1] === SLASH) end--
  return end === 0 ? ROOT : path.subarray(0, end)
}

/** GNU tar manual, "PAX Format, Version 1.0": the map is in the data, the name and the size are here. */
function sparseOf (records: Records): { readonly path: Buffer, readonly size: number } | undefined {
  if (![...records.keys()].some(key => key.startsWith('GNU.sparse.'))) return undefined
  const [major, minor] = [records.get('GNU.sparse.major'), records.get('GNU.sparse.minor')]
  if (major?.toString() !== '1' || minor?.toString() !== '0') {
    throw new MalformedError('a sparse file is stored in a format other than 1.0')
  }
  const [path, size] = [records.get('GNU.sparse.name'), wholeRecord(records, 'GNU.sparse.realsize')]
  if (path === undefined || size === undefined) throw new MalformedError('a sparse file has no name or no size')
  requirePath(path, 'name')
  return { path, size }
}

function wholeRecord (records: Records, key: string): number | undefined {
  const text = records.get(key)?.toString('latin1')
  if (text === undefined) return undefined
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value)) throw new MalformedError(`an extended header has a wrong "${key}"`)
  return value
}

/** Seconds with a fraction, in nanoseconds. */
function timeRecord (records: Records, key: string): bigint | undefined {
  const text = records.get(key)?.toString('latin1')
  if (text === undefined) return undefined
  const [, sign, seconds, fraction = ''] = /^(-?)(\d{1,12})(?:\.(\d{1,20}))?$/.exec(text) ?? []
  if (seconds === undefined) throw new MalformedError(`an extended header has a wrong "${key}"`)
  const value = BigInt(seconds) * NANOSECONDS + BigInt(fraction.padEnd(9, '0').slice(0, 9))
  return sign === '-' ? -value : value
}
