import { linkSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { BackupError, systemCode } from '../../core/errors.ts'
import type { ImageOutline, PlainImage, Placement } from '../../core/restore.ts'
import { requireParent } from '../child.ts'
import { freshFile, requireRoom, syncWarnings } from './fresh-file.ts'
import { describeHolders, holdersOf } from './holders.ts'

/** Throws what keeps the image from becoming the file `path`: `RESTORE_TARGET_…`, `DISK_FULL`. Changes nothing. */
export function checkFile ({ size }: Pick<ImageOutline, 'size'>, { path, overwrite }: Placement): void {
  const folder = dirname(path)
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw new BackupError('RESTORE_TARGET_INVALID', `"${folder}" is not a directory`, { hint: 'Give a path in a directory that exists.' })
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) throw new BackupError('RESTORE_TARGET_INVALID', `"${path}" is a directory`, { hint: 'Give the path of the file that is to be written.' })
  for (const taken of [path, `${path}-wal`, `${path}-journal`]) {
    if (!overwrite && statSync(taken, { throwIfNoEntry: false }) !== undefined) throw exists(taken)
  }
  const holders = holdersOf(path)
  if (holders.length > 0) throw new BackupError('RESTORE_TARGET_OPEN', `"${path}" is open in another process: ${describeHolders(holders)}`, { hint: 'Stop it first, or choose another path.' })
  requireRoom(size, path)
}

/** Writes the image to the file `path`, for its owner alone: whole once this returns, and not there at all if it throws. Returns warnings. */
export function placeFile (image: PlainImage, placement: Placement, onBytes: (bytes: number) => void): string[] {
  checkFile(statSync(image.path), placement)
  const { path, overwrite } = placement
  const fresh = freshFile(image, placement, onBytes)
  try {
    requireParent()
    if (overwrite) {
      for (const suffix of ['-wal', '-journal', '-shm']) rmSync(path + suffix, { force: true })
      renameSync(fresh, path)
    } else {
      linkSync(fresh, path)
    }
    return syncWarnings(dirname(path))
  } catch (error) {
    throw systemCode(error) === 'EEXIST' ? exists(path) : error
  } finally {
    rmSync(fresh, { force: true })
  }
}

function exists (path: string): BackupError {
  return new BackupError('RESTORE_TARGET_EXISTS', `"${path}" exists`, { hint: 'Choose another path, or allow it to be overwritten.' })
}
