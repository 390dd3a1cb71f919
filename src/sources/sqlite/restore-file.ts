import { linkSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { BackupError, systemCode } from '../../core/errors.ts'
import type { Placement } from '../../core/restore/restore.ts'
import type { ImageOutline, PlainImage } from './restore-protocol.ts'
import { openFolder } from '../../files/folder.ts'
import { takeName, type Link } from '../../files/take-name.ts'
import { requireParent } from '../child.ts'
import { freshFile, requireRoom, syncWarnings, type FreshFile } from './fresh-file.ts'
import { holdersOf } from './holders.ts'
import { describeHolders } from '../proc.ts'
import { BESIDE, requireLeftovers } from './leftovers.ts'

/** Throws what keeps the image from becoming the file `path`: `RESTORE_TARGET_…`, `DISK_FULL`. Changes nothing. */
export function checkFile ({ size }: Pick<ImageOutline, 'size'>, { path, overwrite }: Placement): void {
  const folder = dirname(path)
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new BackupError('RESTORE_TARGET_INVALID', `"${folder}" is not a directory`, {
      hint: 'Give a path in a directory that exists.'
    })
  }
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw new BackupError('RESTORE_TARGET_INVALID', `"${path}" is a directory`, {
      hint: 'Give the path of a file.'
    })
  }
  for (const taken of [path, `${path}-wal`, `${path}-journal`]) {
    if (!overwrite && statSync(taken, { throwIfNoEntry: false }) !== undefined) throw exists(taken)
  }
  if (overwrite) requireLeftovers(path)
  const holders = holdersOf(path)
  if (holders.length > 0) {
    throw new BackupError('RESTORE_TARGET_OPEN', `"${path}" is open in another process: ${describeHolders(holders)}`, {
      hint: 'Stop it first, or choose another path.'
    })
  }
  requireRoom(size, path)
}

/**
 * Writes the image to the file `path`, for its owner alone: whole once this returns, and not there at all if it throws.
 * Returns warnings.
 */
export function placeFile (
  image: PlainImage,
  placement: Placement,
  onBytes: (bytes: number) => void,
  link: Link = linkSync
): string[] {
  checkFile(statSync(image.path), placement)
  const { path, overwrite, aside } = placement
  // Everything from here on is in this very directory, also where its path is made to lead elsewhere meanwhile.
  const folder = openFolder(dirname(path), placement)
  const target = folder.at(basename(path))
  let fresh: FreshFile | undefined
  try {
    fresh = freshFile(image, folder, { target: path, aside: basename(aside) }, onBytes)
    requireParent()
    if (overwrite) {
      requireLeftovers(target)
      for (const suffix of BESIDE) rmSync(target + suffix, { force: true })
      renameSync(fresh.path, target)
    } else {
      takeName(fresh.path, target, link)
    }
    return syncWarnings(dirname(path), folder)
  } catch (error) {
    throw systemCode(error) === 'EEXIST' ? exists(path) : error
  } finally {
    fresh?.remove()
    folder.close()
  }
}

function exists (path: string): BackupError {
  return new BackupError('RESTORE_TARGET_EXISTS', `"${path}" exists`, {
    hint: 'Choose another path, or allow the restore to overwrite the file.'
  })
}
