import type { BigIntStats } from 'node:fs'
import type { Entry, EntryFlag } from './entry.ts'
import type { Member } from './tar-member.ts'
import { look, type Found } from './walk.ts'
import { hasContent, TICK } from './way.ts'

/** The same for file systems that keep times in seconds, and for a clock of a file server that is a bit behind. */
const RECENT = 2_000_000_000n

/** The pause in milliseconds after which a change of before cannot be taken for one of later. */
export const SETTLE_PAUSE = 25

/**
 * Whether the file of the member was changed, by what it was before and what it is now: a change in between may have
 * left a mixture in the archive. Only the content of a file can be one: everything else is read at one moment.
 */
export function wasChanged (found: Found, member: Member): boolean {
  if (member.type === 'directory' || member.type === 'symlink') return member.type !== found.type
  if (member.type === 'hardlink') return found.type !== 'hardlink'
  if (member.type !== 'file' || (found.type !== 'file' && found.type !== 'hardlink')) return true
  const { stats, at } = found
  if (member.mtime !== stats.mtimeNs || BigInt(member.size) !== stats.size || stats.ctimeNs > at - TICK) return true
  const now = lookAgain(found.path)
  // It was removed after it was read, and until then it was as before.
  return now !== undefined && !isSame(stats, now.stats)
}

/**
 * Whether the data of the member is that of the file at this path, which is as it was before it was read. Of a sparse
 * file the content is not compared: its data begins with a map.
 */
export function isReadFromPath ({ path, stats }: Found, { isSparse }: Member, sha256: string | null): boolean {
  return hasContent(path, isSparse ? null : sha256, now => isSame(stats, now))
}

function isSame (before: BigIntStats, now: BigIntStats): boolean {
  return before.dev === now.dev && before.ino === now.ino && before.ctimeNs === now.ctimeNs &&
    before.mtimeNs === now.mtimeNs && before.size === now.size
}

/** undefined: it is gone, or cannot be looked at any more. */
export function lookAgain (path: Buffer): Found | undefined {
  try {
    return look(path)
  } catch {
    return undefined
  }
}

/** Where a member is: `base` is the offset in the archive of the run that wrote it, `depth` the one of its backup. */
export interface MemberPlace {
  readonly base: number
  readonly depth: number
}

/** The entry of a member: what a restore will give back. null: of a type that a backup does not contain. */
export function entryOf (
  found: Found,
  member: Member,
  sha256: string | null,
  { base, depth }: MemberPlace,
  flags: readonly EntryFlag[]
): Entry | null {
  if (member.type === 'device' || member.type === 'fifo') return null
  const { dev, ino, ctimeNs } = found.stats
  const all = isRecent(found) ? [...flags, 'recent' as const] : flags
  return {
    path: found.path,
    type: member.type,
    size: member.type === 'file' ? member.size : 0,
    mtime: String(member.mtime),
    ctime: String(ctimeNs),
    mode: member.mode,
    uid: member.uid,
    gid: member.gid,
    dev: String(dev),
    ino: String(ino),
    ...member.target === null ? {} : { target: member.target },
    ...sha256 === null ? {} : { sha256, offset: base + member.offset, stored: member.stored },
    ...member.isSparse ? { sparse: true } : {},
    in: depth,
    ...all.length === 0 ? {} : { flags: all }
  }
}

/** The entry of a name that no archive has. */
export function unreadableEntry ({ path, type, stats, target }: Found, depth: number): Entry {
  return {
    path,
    type,
    size: type === 'file' ? Number(stats.size) : 0,
    mtime: String(stats.mtimeNs),
    ctime: String(stats.ctimeNs),
    mode: modeOf(stats),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    dev: String(stats.dev),
    ino: String(stats.ino),
    ...target === undefined ? {} : { target },
    in: depth,
    flags: ['unreadable']
  }
}

function isRecent ({ stats, at }: Found): boolean {
  return stats.ctimeNs > at - RECENT
}

function modeOf ({ mode }: BigIntStats): number {
  return Number(mode & 0o7777n)
}

/**
 * Whether the name is as it was in the parent, so that its content and metadata need not be stored again. The time of
 * the last change of the inode shows also a change of content whose file got its old time of modification back.
 */
export function isUnchanged ({ type, stats, target }: Found, parent: Entry): boolean {
  return parent.flags === undefined && parent.type === type &&
    (type !== 'file' || BigInt(parent.size) === stats.size) &&
    parent.mtime === String(stats.mtimeNs) && parent.ctime === String(stats.ctimeNs) &&
    parent.ino === String(stats.ino) && parent.mode === modeOf(stats) &&
    BigInt(parent.uid) === stats.uid && BigInt(parent.gid) === stats.gid &&
    (parent.target === undefined ? target === undefined : target?.equals(parent.target) === true)
}
