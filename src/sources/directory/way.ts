import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type BigIntStats } from 'node:fs'
import { descriptorPath } from '../../files/descriptor-path.ts'
import { ROOT } from './entry-path.ts'
import { now } from './now.ts'

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants
const SLASH = '/'
/**
 * A change within so many nanoseconds after another may leave the same time: systems count it in ticks of up to 10
 * milliseconds.
 */
export const TICK = 20_000_000n
/** Bytes that are read at once. */
const PIECE = 64 * 1024

/** A directory on the way to a file, as it was when it was listed. */
export interface Way {
  readonly path: Buffer
  readonly dev: bigint
  readonly ino: bigint
  /** When a name in it, or its own name, was last changed. Nanoseconds since 1970. */
  readonly ctime: bigint
  /** Whether a later change has another time. */
  readonly isSettled: boolean
  /** undefined: it is the base, which is held by the working directory of this process. */
  readonly parent: Way | undefined
}

/** The path in the base; without one, relative to the working directory. */
export function placeIn (base: Buffer | undefined, path: Buffer): Buffer {
  return base === undefined ? path : Buffer.concat([base, Buffer.from(SLASH), path])
}

/** Opens a directory, and no symbolic link to one. Throws what the system throws. */
export function openDirectory (place: Buffer | string): number {
  return openSync(place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
}

/** The open directory, with those above it. */
export function wayInto (fd: number, path: Buffer, parent: Way | undefined): Way {
  return wayOf(fstatSync(fd, { bigint: true }), path, parent)
}

function wayOf ({ dev, ino, ctimeNs }: BigIntStats, path: Buffer, parent: Way | undefined): Way {
  return { path, dev, ino, ctime: ctimeNs, isSettled: ctimeNs <= now() - TICK, parent }
}

/**
 * The directories that lead to the path, which is relative to the working directory. `link`: the first one that is now
 * a symbolic link. undefined: one of them is gone.
 */
export function wayTo (path: Buffer): { readonly way: Way } | { readonly link: Buffer } | undefined {
  let way = wayOf(lstatSync('.', { bigint: true }), ROOT, undefined)
  for (let slash = path.indexOf(SLASH); slash >= 0; slash = path.indexOf(SLASH, slash + 1)) {
    const directory = path.subarray(0, slash)
    const stats = statsAt(directory)
    if (stats?.isSymbolicLink() === true) return { link: directory }
    if (stats?.isDirectory() !== true) return undefined
    way = wayOf(stats, directory, way)
  }
  return { way }
}

/**
 * Whether a path through these directories cannot have led elsewhere since they were listed, by a symbolic link in the
 * place of one of them. An exchange changes the times of two directories: of the one that has the name in it, and of
 * the renamed one. So one of both that still has its time is a proof. On file systems where a rename does
 * not change the time of the renamed directory, it is one as long as nothing else changes the directory above it.
 */
export function isWayCertain (way: Way | undefined): boolean {
  for (let at = way; at?.parent !== undefined; at = at.parent) {
    const stats = directoryAt(at.path)
    if (stats?.dev !== at.dev || stats.ino !== at.ino) return false
    if (!isStill(at, stats) && !isStill(at.parent, directoryAt(at.parent.path))) return false
  }
  return true
}

function isStill ({ isSettled, ino, ctime }: Way, stats: BigIntStats | undefined): boolean {
  return isSettled && stats?.ino === ino && stats.ctimeNs === ctime
}

function directoryAt (path: Buffer): BigIntStats | undefined {
  const stats = statsAt(path)
  return stats?.isDirectory() === true ? stats : undefined
}

function statsAt (path: Buffer): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

/** Opens the file, and follows no symbolic link, whatever is exchanged meanwhile. Throws what the system throws. */
function openBelow (path: Buffer): number {
  const names = path.toString('latin1').split(SLASH)
  let directory = openDirectory('.')
  try {
    for (const [index, name] of names.entries()) {
      const held = descriptorPath(directory)
      const place = Buffer.from(
        held === undefined ? names.slice(0, index + 1).join(SLASH) : `${held}/${name}`,
        'latin1'
      )
      if (index === names.length - 1) return openSync(place, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
      const next = openDirectory(place)
      closeSync(directory)
      directory = next
    }
    throw new Error('a path has no name')
  } finally {
    closeSync(directory)
  }
}

/**
 * Whether the file at the path, without symbolic links on the way, has the content with this digest, and `isExpected`
 * holds before and after it is read. `sha256`: in hex; null: the content is not compared.
 */
export function hasContent (path: Buffer, sha256: string | null, isExpected: (stats: BigIntStats) => boolean): boolean {
  let fd: number
  try {
    fd = openBelow(path)
  } catch {
    return false
  }
  try {
    if (!isExpected(fstatSync(fd, { bigint: true }))) return false
    if (sha256 === null) return true
    const hash = createHash('sha256')
    const piece = Buffer.alloc(PIECE)
    for (let read = readSync(fd, piece); read > 0; read = readSync(fd, piece)) hash.update(piece.subarray(0, read))
    return isExpected(fstatSync(fd, { bigint: true })) && hash.digest('hex') === sha256
  } catch {
    return false
  } finally {
    closeSync(fd)
  }
}
