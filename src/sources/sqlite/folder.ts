import { closeSync, constants, openSync, readlinkSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { BackupError } from '../../core/errors.ts'
import { descriptorPath } from '../../files/descriptor-path.ts'

/** A directory that is held open, so that its names lead into it whatever becomes of its path meanwhile. */
export interface Folder {
  /** A path for the name in this directory, for this process alone. */
  at (name: string): string
  close (): void
}

/**
 * Opens the directory. With `isConfined` its path must lead there without a link: `RESTORE_TARGET_INVALID` where a part of it was
 * swapped for one since it was looked at. Where the system has no `/proc`, names are taken by the path.
 */
export function openFolder (path: string, { isConfined = false }: { readonly isConfined?: boolean | undefined }): Folder {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  const pinned = descriptorPath(fd)
  if (isConfined && (pinned === undefined ? realpathSync(path) : readlinkSync(pinned)) !== path) {
    closeSync(fd)
    throw new BackupError('RESTORE_TARGET_INVALID', `"${path}" leads to another directory now`, { hint: 'See who changes the directories there; nothing was written.' })
  }
  return {
    at: name => join(pinned ?? path, name),
    close: () => { closeSync(fd) }
  }
}
