import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  statfsSync
} from 'node:fs'
import { dirname } from 'node:path'
import { BackupError, systemCode } from '../../core/errors.ts'
import type { PlainImage } from './restore-protocol.ts'
import { descriptorPath } from '../../files/descriptor-path.ts'
import { isOwn, makeFolder, removeFolder, type Folder } from '../../files/folder.ts'
import { isSameFile } from './processes.ts'

const CHUNK = 1024 * 1024
/** Of a database that others may not read. */
export const OWNER_ALONE = 0o600
/** The name of the one file in a folder for what is not done yet. */
const FILE = 'image'

/** Throws `DISK_FULL` where so many bytes have no room beside `target`. */
export function requireRoom (needed: number, target: string): void {
  const { bavail, bsize } = statfsSync(dirname(target))
  if (bavail * bsize >= needed) return
  throw new BackupError(
    'DISK_FULL',
    `in "${dirname(target)}" ${bavail * bsize} bytes are free, and the restored file needs ${needed}`,
    { hint: 'Free space there, or restore to another path.' }
  )
}

/** The folder, for its owner alone, in which the restored file is until it gets its name. */
function freshName (aside: string): string {
  return `${aside}.new`
}

/**
 * A new file that has not got its name yet. It is open, and what is done to it goes by the descriptor: who owns the
 * folder of the database can exchange every name in it at any time.
 */
export interface FreshFile {
  /** Open for reading and writing. */
  readonly fd: number
  /** A path that it has, for this process alone, to give it a name by. */
  readonly path: string
  /** Closes it and removes the folder that it was made in, with the file where it is still there. */
  remove(): void
}

/**
 * An empty file of this user alone, in a new folder of this user alone in `folder`, since a copy first has the mode of
 * what is copied. Throws `RESTORE_TARGET_INVALID` where that folder was exchanged as it was made, and leaves nothing
 * behind then.
 */
export function emptyFile (folder: Folder, aside: string): FreshFile {
  const name = freshName(aside)
  const own = makeFolder(folder, name)
  let fd: number | undefined
  const remove = (): void => {
    if (fd !== undefined) closeSync(fd)
    removeFolder(folder, name, [FILE], own)
  }
  try {
    fd = openSync(
      own.at(FILE),
      constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      OWNER_ALONE
    )
    if (!isOwn(own, fd)) {
      throw new BackupError(
        'RESTORE_TARGET_INVALID',
        `the new directory "${name}" was replaced while its file was written`,
        { hint: 'Check which process changes the directory. Nothing was restored.' }
      )
    }
    return { fd, path: own.at(FILE), remove }
  } catch (error) {
    remove()
    throw error
  }
}

/** Removes what a crash left of a fresh file. */
export function removeFresh (folder: Folder, aside: string): void {
  removeFolder(folder, freshName(aside), [FILE])
}

/**
 * A copy of the image, for its owner alone and not yet under its name: durable, and read back to be the image byte for
 * byte. `aside` begins the name of the folder that it is in. Leaves none when it throws.
 */
export function freshFile (
  { path: image, sha256 }: PlainImage,
  folder: Folder,
  { target, aside }: { readonly target: string, readonly aside: string },
  onBytes: (bytes: number) => void
): FreshFile {
  const fresh = emptyFile(folder, aside)
  try {
    copyFileSync(image, descriptorPath(fresh.fd) ?? fresh.path)
    fchmodSync(fresh.fd, OWNER_ALONE)
    fsyncSync(fresh.fd)
    if (digestOf(fresh.fd, onBytes) !== sha256) {
      throw new BackupError('CHECKSUM_MISMATCH', `the content written for "${target}" differs from the backup`, {
        hint: 'Check whether another process changed the file of the backup, check the disk, then retry.'
      })
    }
    return fresh
  } catch (error) {
    fresh.remove()
    throw error
  }
}

function digestOf (fd: number, onBytes: (bytes: number) => void): string {
  const hash = createHash('sha256')
  const chunk = Buffer.alloc(CHUNK)
  let bytes = 0
  for (;;) {
    const length = readSync(fd, chunk, 0, CHUNK, bytes)
    if (length === 0) break
    hash.update(chunk.subarray(0, length))
    bytes += length
    if (bytes % (16 * CHUNK) === 0) onBytes(bytes)
  }
  onBytes(bytes)
  return hash.digest('hex')
}

/** Throws `RESTORE_TARGET_INVALID` unless it is the file at `path`, now that it was renamed to that. */
export function requireInPlace ({ fd }: FreshFile, path: string): void {
  if (isSameFile(lstatSync(path, { throwIfNoEntry: false }), fstatSync(fd))) return
  throw new BackupError('RESTORE_TARGET_INVALID', `"${path}" was replaced during the restore`, {
    hint: 'Check which process changes the directory: the file now at that path is not the restored one.'
  })
}

/**
 * Makes the names in the directory `path`, which `held` holds, durable, after the content has its name: a failure is a
 * warning.
 */
export function syncWarnings (path: string, held: Folder): string[] {
  try {
    fsyncSync(held.fd)
    return []
  } catch (error) {
    return [
      `the restored file is in place, but a power failure could lose it: "${path}" could not be synced (${
        systemCode(error) ?? 'unknown reason'
      })`
    ]
  }
}
