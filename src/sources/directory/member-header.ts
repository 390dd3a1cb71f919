import { ROOT } from './entry-path.ts'
import type { Entry } from './entry.ts'
import { BLOCK } from './tar-header.ts'
import type { Records } from './tar-member.ts'

/** Two blocks of zeros end an archive. */
export const END_OF_ARCHIVE = Buffer.alloc(2 * BLOCK)
/** The largest values of the octal fields: eleven digits for a size, seven for an owner. */
const LARGEST_SIZE = 8 ** 11 - 1
const LARGEST_ID = 8 ** 7 - 1
const NANOSECONDS = 1_000_000_000n
/** The name in the ustar block; the `path` of the extended header takes precedence. */
const PLACEHOLDER = 'member'
const TYPE_FLAGS: Readonly<Record<Entry['type'], string>> = { file: '0', hardlink: '1', symlink: '2', directory: '5' }
/** The keys under which GNU tar stores extended attributes and access control lists. */
const ATTRIBUTE = /^SCHILY\.(?:xattr\..+|acl\.(?:access|default))$/

/** The records of a member that `memberHeader` keeps. */
export function attributesOf (records: Records): Records {
  return new Map([...records].filter(([key]) => ATTRIBUTE.test(key)))
}

/**
 * The header of a tar member, written from an entry of a list: an extended header of POSIX (pax), and a ustar block.
 * The program that extracts gets no byte of a header that is in the backup, apart from the values of the `attributes`.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html, "ustar Interchange Format";
 * https://www.gnu.org/software/tar/manual/html_node/PAX-1.html, sparse files.
 */
export function memberHeader (entry: Entry, attributes: Records = new Map()): Buffer {
  const stored = entry.stored ?? 0
  const path = entry.path.equals(ROOT) ? Buffer.from('./') : entry.path
  const extended = Buffer.concat([
    ...entry.sparse === true
      ? [
        record('GNU.sparse.major', '1'),
        record('GNU.sparse.minor', '0'),
        record('GNU.sparse.name', path),
        record('GNU.sparse.realsize', String(entry.size))
      ]
      : [record('path', path)],
    ...entry.target === undefined ? [] : [record('linkpath', entry.target)],
    record('mtime', seconds(BigInt(entry.mtime))),
    ...stored > LARGEST_SIZE ? [record('size', String(stored))] : [],
    ...entry.uid > LARGEST_ID ? [record('uid', String(entry.uid))] : [],
    ...entry.gid > LARGEST_ID ? [record('gid', String(entry.gid))] : [],
    ...[...attributes].map(([key, value]) => record(key, value))
  ])
  return Buffer.concat([
    block('x', extended.length, { mode: 0o600, uid: 0, gid: 0 }),
    extended,
    padding(extended.length),
    block(TYPE_FLAGS[entry.type], stored, entry)
  ])
}

/** Zeros from the end of `size` bytes to the end of their last block. */
export function padding (size: number): Buffer {
  return Buffer.alloc((BLOCK - size % BLOCK) % BLOCK)
}

/** Decimal seconds: -1500000000 nanoseconds are `-1.500000000`. */
function seconds (nanoseconds: bigint): string {
  const amount = nanoseconds < 0n ? -nanoseconds : nanoseconds
  return `${nanoseconds < 0n ? '-' : ''}${amount / NANOSECONDS}.${String(amount % NANOSECONDS).padStart(9, '0')}`
}

/** One record of an extended header, which begins with its own length in bytes. */
function record (key: string, value: Buffer | string): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')])
  let length = rest.length + String(rest.length).length
  if (rest.length + String(length).length > length) length++
  return Buffer.concat([Buffer.from(String(length)), rest])
}

function block (type: string, size: number, { mode, uid, gid }: Pick<Entry, 'mode' | 'uid' | 'gid'>): Buffer {
  const header = Buffer.alloc(BLOCK)
  const octal = (value: number, at: number, digits: number): void => {
    header.write(value.toString(8).padStart(digits, '0'), at, 'latin1')
  }
  header.write(PLACEHOLDER, 0, 'latin1')
  octal(mode, 100, 7)
  octal(Math.min(uid, LARGEST_ID), 108, 7)
  octal(Math.min(gid, LARGEST_ID), 116, 7)
  octal(Math.min(size, LARGEST_SIZE), 124, 11)
  octal(0, 136, 11)
  header.write(type, 156, 'latin1')
  header.write('ustar\x0000', 257, 'latin1')
  octal(0, 329, 7)
  octal(0, 337, 7)
  // The checksum counts its own field as spaces.
  header.fill(' ', 148, 156)
  octal(header.reduce((sum, byte) => sum + byte, 0), 148, 6)
  header.write('\0 ', 154, 'latin1')
  return header
}
