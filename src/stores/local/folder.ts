import { constants, type Stats } from 'node:fs'
import { lstat, mkdir, open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { BackupError, systemCode } from '../../core/errors.ts'
import { descriptorPath } from '../../files/descriptor-path.ts'
import { giveToFolderOwner } from '../../files/folder-owner.ts'
import type { LocalDisk } from './disk.ts'

const DIRECTORY_MODE = 0o700
const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY
/** A FIFO would be waited for without `O_NONBLOCK`. */
const FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/**
 * A folder that is held open. On Linux its files are named by way of the descriptor, as `openat` would: a folder that
 * is exchanged for a symbolic link meanwhile leads nowhere else. Elsewhere the folders were looked at beforehand, and
 * no more.
 */
export interface Folder {
  readonly disk: LocalDisk
  /** The path of what has that name in the folder. */
  at(name: string): string
  sync(): Promise<void>
}

/** The folders from the store's directory down to that of an object. */
export interface FolderPath {
  /** The directory of the store; the one name that may be a symbolic link, since whoever configured it chose that. */
  readonly directory: string
  readonly disk: LocalDisk
  readonly parts: readonly string[]
  /** Makes the folders that are missing, and makes them durable. Never the directory itself. */
  readonly makes?: boolean
}

/**
 * Lets `work` use a folder. Rejects with `OBJECT_REFUSED` where a symbolic link takes the place of a folder, or as the
 * system does.
 */
export async function withFolder<T> (
  { directory, disk, parts, makes = false }: FolderPath,
  work: (folder: Folder) => Promise<T>
): Promise<T> {
  let held = hold(disk, directory, await opened(disk, directory, FOLDER))
  try {
    for (const [n, part] of parts.entries()) {
      const next = await openBelow(held, part, makes, join(directory, ...parts.slice(0, n + 1)))
      await held.close()
      held = next
    }
    return await work(held)
  } finally {
    await held.close()
  }
}

interface HeldFolder extends Folder {
  close(): Promise<void>
}

function hold (disk: LocalDisk, path: string, handle: FileHandle): HeldFolder {
  const base = descriptorPath(handle.fd) ?? path
  return {
    disk,
    at: name => `${base}/${name}`,
    sync: () => disk.ask(() => handle.sync()),
    close: () => disk.afterwards(() => handle.close())
  }
}

/** As `open`. What is opened too late is closed again. */
export async function opened (
  disk: LocalDisk,
  path: string,
  flags: string | number,
  mode?: number
): Promise<FileHandle> {
  return await disk.ask(() => open(path, flags, mode), handle => handle.close())
}

async function openBelow (above: HeldFolder, name: string, makes: boolean, path: string): Promise<HeldFolder> {
  const at = above.at(name)
  try {
    return hold(above.disk, path, await opened(above.disk, at, FOLDER | constants.O_NOFOLLOW))
  } catch (error) {
    const code = systemCode(error) ?? ''
    if (['ENOTDIR', 'ELOOP'].includes(code) && (await above.disk.ask(() => lstat(at))).isSymbolicLink()) {
      throw refused(path, 'a symbolic link, not a directory')
    }
    if (!makes || !['ENOENT', 'ENOTDIR'].includes(code)) throw error
    await makeBelow(above, name, code === 'ENOTDIR')
    await above.sync()
    return await openBelow(above, name, false, path)
  }
}

/** `isTaken`: there is something of that name, and it is no folder. */
async function makeBelow (above: HeldFolder, name: string, isTaken: boolean): Promise<void> {
  try {
    await above.disk.ask(() => mkdir(above.at(name), DIRECTORY_MODE))
  } catch (error) {
    if (isTaken || systemCode(error) !== 'EEXIST') throw error
    return
  }
  const made = await opened(above.disk, above.at(name), FOLDER | constants.O_NOFOLLOW)
  await above.disk.ask(() => giveToFolderOwner(made, above.at('.'))).finally(() =>
    above.disk.afterwards(() => made.close())
  )
}

/** What is known of a file that may be an object, but for its name. */
export interface Entry {
  readonly path: string
  readonly disk: LocalDisk
  /** For messages. */
  readonly shown: string
  /** The owner of the store's directory. */
  readonly owner: number
}

/**
 * Opens a regular file for reading. Rejects with `OBJECT_REFUSED`, `OBJECT_NOT_FOUND` for a folder, or as the system
 * does.
 */
export async function openFile (entry: Entry): Promise<FileHandle> {
  // Before it is opened: the mere opening of a device may do something.
  await statFile(entry)
  const handle = await opened(entry.disk, entry.path, FILE).catch((error: unknown) => {
    throw systemCode(error) === 'ELOOP' ? refused(entry.shown, 'a symbolic link') : error
  })
  try {
    requireFile(await entry.disk.ask(() => handle.stat()), entry)
    return handle
  } catch (error) {
    await entry.disk.afterwards(() => handle.close())
    throw error
  }
}

/** What the system knows of a regular file. Rejects as `openFile`. */
export async function statFile (entry: Entry): Promise<Stats> {
  const found = await entry.disk.ask(() => lstat(entry.path))
  requireFile(found, entry)
  return found
}

export function requireFile (found: Stats, { shown, owner }: Pick<Entry, 'shown' | 'owner'>): void {
  if (found.isDirectory()) throw new BackupError('OBJECT_NOT_FOUND', `"${shown}" is not a file`)
  const odd = oddity(found, owner)
  if (odd !== undefined) throw refused(shown, odd)
}

/** Why this cannot be an object; undefined: it can be one. */
export function oddity (found: Stats, owner: number): string | undefined {
  if (found.isSymbolicLink()) return 'a symbolic link'
  if (found.isFIFO()) return 'a named pipe'
  if (!found.isFile()) return 'not a regular file'
  // Copies by hard links, as rsnapshot makes them, belong to the same owner; a link to a file of somebody else was put
  // here.
  const isOfOthers = found.nlink > 1 && ![owner, process.geteuid?.()].includes(found.uid)
  return isOfOthers ? 'a hard link to a file of another user' : undefined
}

export function refused (shown: string, odd: string): BackupError {
  return new BackupError('OBJECT_REFUSED', `"${shown}" is ${odd}`, {
    hint: 'Only regular files are read and moved. Find out who created it, and remove it.'
  })
}
