import { closeSync, constants, fstatSync, mkdirSync, openSync, realpathSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { BackupError, systemCode } from '../core/errors.ts'
import { descriptorPath, pathOf } from './descriptor-path.ts'
import { followedPath } from './followed-path.ts'

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants
/** Of a folder that its owner alone may enter. */
const OWNER_ALONE = 0o700

/** A directory that is held open, so that its names lead into it whatever becomes of its path meanwhile. */
export interface Folder {
  readonly fd: number
  /** A path for the name in this directory, for this process alone. */
  at(name: string): string
  close(): void
}

/**
 * Opens the directory. Links on the way to it are followed as by `followedPath`; with `isConfined` there must be none.
 * Throws `RESTORE_TARGET_INVALID` otherwise, and where a part of the path was exchanged for a link meanwhile. Where the
 * system has no `/proc`, names are taken by the path.
 */
export function openFolder (
  path: string,
  { isConfined = false }: { readonly isConfined?: boolean | undefined } = {}
): Folder {
  const real = followedPath(path, 'RESTORE_TARGET_INVALID')
  if (isConfined && real !== path) throw elsewhere(path, real)
  const fd = openSync(real, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  const opened = pathOf(fd) ?? realpathSync(real)
  if (opened !== real) {
    closeSync(fd)
    throw elsewhere(path, opened)
  }
  return held(fd, real)
}

function held (fd: number, path: string): Folder {
  const pinned = descriptorPath(fd)
  return {
    fd,
    at: name => join(pinned ?? path, name),
    close: () => {
      closeSync(fd)
    }
  }
}

function elsewhere (path: string, opened: string): BackupError {
  return new BackupError('RESTORE_TARGET_INVALID', `"${path}" now leads to "${opened}"`, {
    hint: 'Check which process changes the directories there, and give the real path. Nothing was written.'
  })
}

/**
 * Makes a new folder for its owner alone, and holds it open. Another user who owns `folder` may exchange it at any
 * time: see `isOwn`.
 */
export function makeFolder (folder: Folder, name: string): Folder {
  mkdirSync(folder.at(name), { mode: OWNER_ALONE })
  return held(openSync(folder.at(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW), folder.at(name))
}

/**
 * Whether the folder is one that this process made, and that nobody else may enter, as far as its file system knows
 * owners and modes: `file` is a new file in it that this process has made.
 */
export function isOwn (folder: Folder, file: number): boolean {
  const [place, made] = [fstatSync(folder.fd), fstatSync(file)]
  return place.uid === made.uid && ((place.mode & 0o077) === 0 || (made.mode & 0o077) !== 0)
}

/**
 * Removes the folder that `makeFolder` made under this name, with the files `names` in it, whose folder `made` is where
 * it is still held. What another user has put there in its place stays, and so does what is in it.
 */
export function removeFolder (folder: Folder, name: string, names: readonly string[], made?: Folder): void {
  const inner = made ?? openHere(folder, name)
  if (inner === undefined) return
  try {
    for (const file of names) rmSync(inner.at(file), { force: true })
    rmdirSync(folder.at(name))
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST', 'EBUSY'].includes(systemCode(error) ?? '')) throw error
  } finally {
    inner.close()
  }
}

/** undefined: there is no directory of that name. */
function openHere (folder: Folder, name: string): Folder | undefined {
  try {
    return held(openSync(folder.at(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW), folder.at(name))
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '')) return undefined
    throw error
  }
}
