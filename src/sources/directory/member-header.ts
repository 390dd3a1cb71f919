import { headerBlock, LARGEST_ID, LARGEST_SIZE, padding, paxRecord } from '../../files/tar-blocks.ts'
import { ROOT } from './entry-path.ts'
import type { Entry } from './entry.ts'
import type { Records } from './tar-member.ts'

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
  const { mode, uid, gid, stored = 0 } = entry
  const path = entry.path.equals(ROOT) ? Buffer.from('./') : entry.path
  const extended = Buffer.concat([
    ...entry.sparse === true
      ? [
        paxRecord('GNU.sparse.major', '1'),
        paxRecord('GNU.sparse.minor', '0'),
        paxRecord('GNU.sparse.name', path),
        paxRecord('GNU.sparse.realsize', String(entry.size))
      ]
      : [paxRecord('path', path)],
    ...entry.target === undefined ? [] : [paxRecord('linkpath', entry.target)],
    paxRecord('mtime', seconds(BigInt(entry.mtime))),
    ...stored > LARGEST_SIZE ? [paxRecord('size', String(stored))] : [],
    ...uid > LARGEST_ID ? [paxRecord('uid', String(uid))] : [],
    ...gid > LARGEST_ID ? [paxRecord('gid', String(gid))] : [],
    ...[...attributes].map(([key, value]) => paxRecord(key, value))
  ])
  return Buffer.concat([
    headerBlock({ name: PLACEHOLDER, type: 'x', size: extended.length, mode: 0o600, uid: 0, gid: 0, mtime: 0 }),
    extended,
    padding(extended.length),
    headerBlock({ name: PLACEHOLDER, type: TYPE_FLAGS[entry.type], size: stored, mode, uid, gid, mtime: 0 })
  ])
}

/** Decimal seconds: -1500000000 nanoseconds are `-1.500000000`. */
function seconds (nanoseconds: bigint): string {
  const amount = nanoseconds < 0n ? -nanoseconds : nanoseconds
  return `${nanoseconds < 0n ? '-' : ''}${amount / NANOSECONDS}.${String(amount % NANOSECONDS).padStart(9, '0')}`
}
