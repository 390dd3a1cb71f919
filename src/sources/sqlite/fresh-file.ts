import { createHash } from 'node:crypto'
import { chmodSync, closeSync, constants, copyFileSync, fsyncSync, mkdirSync, openSync, readSync, rmSync, statfsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { BackupError, systemCode } from '../../core/errors.ts'
import type { PlainImage, Placement } from '../../core/restore.ts'
import { OWNER_ALONE } from './rights.ts'

const CHUNK = 1024 * 1024

/** Throws `DISK_FULL` where so many bytes have no room beside `target`. */
export function requireRoom (needed: number, target: string): void {
  const { bavail, bsize } = statfsSync(dirname(target))
  if (bavail * bsize >= needed) return
  throw new BackupError('DISK_FULL', `in "${dirname(target)}" ${bavail * bsize} bytes are free, and the restored file needs ${needed}`, { hint: 'Free space there, or restore to another path.' })
}

/** The folder, for its owner alone, in which the restored file is until it gets its name. */
export function freshName (aside: string): string {
  return `${aside}.new`
}

/**
 * A copy of the image, for its owner alone and not yet under its name: durable, and read back to be the image byte for
 * byte. It is in a folder of its own, because a copy first has the mode of what is copied. Returns its path; leaves none
 * when it throws.
 */
export function freshFile ({ path: image, sha256 }: PlainImage, { path: target, aside }: Placement, onBytes: (bytes: number) => void): string {
  const folder = freshName(aside)
  const fresh = join(folder, 'image')
  try {
    mkdirSync(folder, { mode: 0o700 })
    copyFileSync(image, fresh, constants.COPYFILE_EXCL)
    chmodSync(fresh, OWNER_ALONE)
    sync(fresh)
    if (digestOf(fresh, onBytes) !== sha256) throw new BackupError('CHECKSUM_MISMATCH', `what was written for "${target}" is not what the backup holds`, { hint: 'See whether something else changed the file of the backup, look at the disk, then try again.' })
    return fresh
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

function digestOf (path: string, onBytes: (bytes: number) => void): string {
  const hash = createHash('sha256')
  const chunk = Buffer.alloc(CHUNK)
  const fd = openSync(path, 'r')
  let bytes = 0
  for (;;) {
    const length = readSync(fd, chunk, 0, CHUNK, null)
    if (length === 0) break
    hash.update(chunk.subarray(0, length))
    bytes += length
    if (bytes % (16 * CHUNK) === 0) onBytes(bytes)
  }
  closeSync(fd)
  onBytes(bytes)
  return hash.digest('hex')
}

/** Makes the names in a directory durable, after the content has its name: a failure is a warning. `held` is a path of the same directory that leads there for certain. */
export function syncWarnings (directory: string, held = directory): string[] {
  try {
    sync(held)
    return []
  } catch (error) {
    return [`the restored file is in place, and may be lost if the machine loses power: "${directory}" could not be synced (${systemCode(error) ?? 'unknown reason'})`]
  }
}

/** Makes a file, or the names in a directory, durable. */
export function sync (path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
