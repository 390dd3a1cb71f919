import { accessSync, closeSync, constants, lstatSync, readdirSync, readlinkSync, type BigIntStats } from 'node:fs'
import { systemCode } from '../../core/errors.ts'
import { descriptorPath } from '../../files/descriptor-path.ts'
import { now } from './now.ts'
import { openDirectory, placeIn, wayInto, type Way } from './way.ts'
import type { EntryType } from './entry.ts'
import type { IsExcluded } from './exclude.ts'

/** A name in the tree, as the system describes it before it is read. */
export interface Found {
  /** Relative to the base of the walk. */
  readonly path: Buffer
  readonly type: EntryType
  readonly stats: BigIntStats
  /** Of a symbolic link its content, of a hard link the path of the earlier name. */
  readonly target?: Buffer
  /** When it was looked at: nanoseconds since 1970 by the clock of this system. */
  readonly at: bigint
  /** The directories that it is in; undefined: it is in none but the base. */
  readonly way?: Way | undefined
}

/** Why a name is not part of a backup. */
export type LeftOut = 'socket' | 'FIFO' | 'device' | 'other file system'

/** What a walk passes over. */
export interface WalkReport {
  leftOut(path: Buffer, reason: LeftOut): void
  /** `found`: what is known of it; undefined: nothing, for not even its type could be read. */
  unreadable(path: Buffer, found: Found | undefined): void
  /** It was removed between two looks. */
  vanished(): void
  excluded(): void
}

/** For a look at the tree: everything that a walk passes over has its own checks. */
export const SILENT: WalkReport = { leftOut: () => {}, unreadable: () => {}, vanished: () => {}, excluded: () => {} }

export interface WalkOptions {
  /** The first name: `.`, or that of a file in the base. */
  readonly top: Buffer
  readonly isExcluded: IsExcluded
  /** Directories where another file system is mounted are entries without content. */
  readonly oneFileSystem: boolean
  /** The directory that paths are relative to. Default: the working directory. */
  readonly base?: Buffer
  readonly report: WalkReport
}

/** Errors of a name that is gone, or whose directory is no longer one. */
const GONE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP'])
const SLASH = '/'

interface Level {
  /** Of the paths of the names, one character for each byte. */
  readonly prefix: string
  readonly names: readonly string[]
  readonly way: Way
  /** Held open, so that its names are looked at in this directory whatever becomes of its path meanwhile. */
  readonly fd: number
  /** What leads through the descriptor; undefined: the system has no such paths. */
  readonly at: string | undefined
  next: number
}

/**
 * The names of a tree in the order of a backup (`comparePaths`): it follows no symbolic link, also where a directory is
 * exchanged for one meanwhile, and holds the names of one directory of each level at a time, and one path for each file
 * that has several names. Each level has a descriptor.
 *
 * Without a base, paths are relative to the working directory. Throws what the system throws for `top`.
 */
export function* walk (options: WalkOptions): Generator<Found, void> {
  const { top, oneFileSystem, base, report } = options
  const links = new LinkTable(base)
  const first = look(top, base)
  if (first === undefined) {
    report.vanished()
    return
  }
  if (first.type !== 'directory') {
    yield first
    return
  }
  const device = first.stats.dev
  const levels: Level[] = []
  const enter = (directory: Found, prefix: string): Found | undefined => {
    const opened = namesIn(directory, levels.at(-1), options)
    if (opened === undefined) return undefined
    levels.push({ prefix, ...opened, next: 0 })
    return directory
  }
  try {
    const root = enter(first, '')
    if (root === undefined) return
    yield root
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const name = level.names[level.next++]
      if (name === undefined) {
        closeSync(level.fd)
        levels.pop()
        continue
      }
      const found = examine(name, level, options)
      if (found === undefined) continue
      if (found.type !== 'directory') {
        yield links.withTarget(found)
      } else if (oneFileSystem && found.stats.dev !== device) {
        report.leftOut(found.path, 'other file system')
        yield found
      } else {
        const entered = enter(found, level.prefix + name + SLASH)
        if (entered !== undefined) yield entered
      }
    }
  } finally {
    for (const { fd } of levels) closeSync(fd)
  }
}

/** Looks at a path; undefined: it is gone. Throws what the system throws for other reasons. */
export function look (path: Buffer, base?: Buffer): Found | undefined {
  return lookAt(placeIn(base, path), path)
}

function lookAt (place: Buffer, path: Buffer): Found | undefined {
  const at = now()
  const stats = lstatSync(place, { bigint: true, throwIfNoEntry: false })
  if (stats === undefined) return undefined
  const type = stats.isDirectory() ? 'directory' : stats.isSymbolicLink() ? 'symlink' : 'file'
  return type === 'symlink'
    ? { path, type, stats, target: readlinkSync(place, { encoding: 'buffer' }), at }
    : { path, type, stats, at }
}

/** Why a file of this type cannot be stored; undefined: it can. */
export function specialType (stats: BigIntStats): LeftOut | undefined {
  if (stats.isFIFO()) return 'FIFO'
  if (stats.isSocket()) return 'socket'
  return stats.isBlockDevice() || stats.isCharacterDevice() ? 'device' : undefined
}

/** undefined: it is no part of the backup, and the reason was reported. */
function examine (
  name: string,
  { prefix, way, at }: Level,
  { base, isExcluded, report }: WalkOptions
): Found | undefined {
  const path = Buffer.from(prefix + name, 'latin1')
  const place = placeBelow(at, name) ?? placeIn(base, path)
  let found: Found | undefined
  try {
    found = lookAt(place, path)
  } catch (error) {
    if (GONE.has(systemCode(error) ?? '')) report.vanished()
    else report.unreadable(path, undefined)
    return undefined
  }
  if (found === undefined) {
    report.vanished()
    return undefined
  }
  if (isExcluded(path, found.type === 'directory')) {
    report.excluded()
    return undefined
  }
  const special = specialType(found.stats)
  if (special !== undefined) {
    report.leftOut(path, special)
    return undefined
  }
  if (found.type === 'file' && !isReadable(place)) {
    report.unreadable(path, found)
    return undefined
  }
  return { ...found, way }
}

/** Opens the directory and lists it; undefined: that is not possible, and was reported. */
function namesIn (
  directory: Found,
  parent: Level | undefined,
  { base, report }: WalkOptions
): Pick<Level, 'names' | 'way' | 'fd' | 'at'> | undefined {
  const { path } = directory
  let fd: number | undefined
  try {
    const name = parent === undefined ? undefined : path.subarray(parent.prefix.length).toString('latin1')
    const below = parent === undefined || name === undefined ? undefined : placeBelow(parent.at, name)
    fd = openDirectory(below ?? placeIn(base, path))
    const at = descriptorPath(fd)
    // In the order of the bytes, one character for each.
    const names = readdirSync(at ?? placeIn(base, path), 'latin1').sort()
    return { names, way: wayInto(fd, path, parent?.way), fd, at }
  } catch (error) {
    if (fd !== undefined) closeSync(fd)
    // Exchanged for a symbolic link or a file meanwhile, it is gone.
    if (GONE.has(systemCode(error) ?? '')) report.vanished()
    else report.unreadable(path, directory)
    return undefined
  }
}

/** undefined: the system has no paths through descriptors. */
function placeBelow (directory: string | undefined, name: string): Buffer | undefined {
  return directory === undefined ? undefined : Buffer.from(`${directory}/${name}`, 'latin1')
}

const IS_ROOT = process.geteuid?.() === 0

/** The user that may read everything is not asked for. */
function isReadable (path: Buffer): boolean {
  if (IS_ROOT) return true
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch (error) {
    // What is gone is found to be gone later.
    return GONE.has(systemCode(error) ?? '')
  }
}

/** The names of files that have several. */
export class LinkTable {
  /** The first name of each file, until all its names were seen: text takes a third of the memory of buffers. */
  readonly #first = new Map<string, { readonly path: string, left: bigint }>()
  readonly #base: Buffer | undefined

  /** `base`: that of the walk. */
  constructor (base?: Buffer) {
    this.#base = base
  }

  /** `found` as a hard link, where an earlier name leads to the same file. */
  withTarget (found: Found): Found {
    const { dev, ino, nlink } = found.stats
    if (nlink < 2n) return found
    const key = `${dev}:${ino}`
    const seen = this.#first.get(key)
    const target = seen === undefined ? undefined : Buffer.from(seen.path, 'latin1')
    // The number of a file that was removed is given to another one.
    if (seen === undefined || target === undefined || !isSameFile(placeIn(this.#base, target), found.stats)) {
      this.#first.set(key, { path: found.path.toString('latin1'), left: nlink - 1n })
      return found
    }
    if (--seen.left <= 0n) this.#first.delete(key)
    return { ...found, type: 'hardlink', target }
  }
}

function isSameFile (path: Buffer, { dev, ino }: BigIntStats): boolean {
  try {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    return stats?.dev === dev && stats.ino === ino
  } catch {
    return false
  }
}
