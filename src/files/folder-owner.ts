import { closeSync, constants, fchownSync, fstatSync, mkdirSync, openSync, statSync } from 'node:fs'
import { mkdir, open, stat, type FileHandle } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { systemCode } from '../core/errors.ts'

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
/** Root without the right to do so, and file systems that have no owners or keep root from changing them. */
const REFUSALS = ['EPERM', 'EACCES', 'EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EROFS']

/**
 * Gives a file or folder that this process has just made, and holds open, to the owner of the directory that it is in:
 * a command that root runs beside the service of another user leaves nothing that the service cannot use. Does nothing
 * for anybody but root, in a directory of root, and where the file system refuses it. SQLite does the same with a
 * `-wal`, `-shm` and `-journal` (`robustFchown` in `os_unix.c`).
 */
export async function giveToFolderOwner (made: FileHandle, directory: string): Promise<void> {
  if (!isRoot()) return
  const [{ uid }, owner] = await Promise.all([made.stat(), stat(directory)])
  // What is not root's was not made by it: it was exchanged meanwhile.
  if (uid === 0 && owner.uid !== 0) await made.chown(owner.uid, owner.gid).catch(unlessRefused)
}

/** As `giveToFolderOwner`, at once. */
export function giveToFolderOwnerSync (made: number, directory: string): void {
  if (!isRoot()) return
  const owner = statSync(directory)
  if (fstatSync(made).uid !== 0 || owner.uid === 0) return
  try {
    fchownSync(made, owner.uid, owner.gid)
  } catch (error) {
    unlessRefused(error)
  }
}

/** `mkdir -p`, with each new folder given to the owner of the one above it. Returns the first that had to be made. */
export async function makeFolders (path: string, mode: number): Promise<string | undefined> {
  const first = await mkdir(path, { recursive: true, mode })
  if (first === undefined || !isRoot()) return first
  for (const folder of between(first, path)) {
    const handle = await open(folder, FOLDER)
    await giveToFolderOwner(handle, dirname(folder)).finally(() => handle.close())
  }
  return first
}

/** As `makeFolders`, at once. */
export function makeFoldersSync (path: string, mode: number): void {
  const first = mkdirSync(path, { recursive: true, mode })
  if (first === undefined || !isRoot()) return
  for (const folder of between(first, path)) {
    const fd = openSync(folder, FOLDER)
    try {
      giveToFolderOwnerSync(fd, dirname(folder))
    } finally {
      closeSync(fd)
    }
  }
}

/** From the topmost new folder down to the last. */
function between (first: string, last: string): string[] {
  const [top, path] = [resolve(first), resolve(last)]
  return path === top || dirname(path) === path ? [path] : [...between(top, dirname(path)), path]
}

function unlessRefused (error: unknown): void {
  if (!REFUSALS.includes(systemCode(error) ?? '')) throw error
}

function isRoot (): boolean {
  return process.geteuid?.() === 0
}
