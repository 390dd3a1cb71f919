import { isUtf8 } from 'node:buffer'
import { lstat, readdir } from 'node:fs/promises'
import { PROBES, QUARANTINE, TRASH } from '../../core/backup/object-key.ts'
import { BackupError, systemCode } from '../../core/errors.ts'
import type { OddObject } from '../../core/ports/store.ts'
import type { LocalDisk } from './disk.ts'
import { oddity, withFolder } from './folder.ts'

/** No object lies deeper; what does is somebody else's. */
const DEPTH = 32

/** A folder below the directory, by the folders that lead to it. */
export interface WalkedFolder {
  readonly parts: readonly string[]
  /** Names of files, hidden ones too. */
  readonly files: readonly string[]
  /** Names of what is neither a file nor a folder: symbolic links, pipes, devices. */
  readonly others: readonly string[]
}

/** Folders below the directory in which we keep objects. */
const OWN: ReadonlySet<string> = new Set([TRASH, QUARANTINE, PROBES].map(prefix => prefix.slice(0, -1)))

/** Whether we keep objects there: in the directory itself, or in one of these folders. Any other is somebody else's. */
export function isOwnFolder (parts: readonly string[]): boolean {
  return parts.length === 0 || (parts.length === 1 && OWN.has(parts[0] ?? ''))
}

/**
 * Looks through the directory and the folders in it for which `enters` is true; symbolic links are not followed. A
 * folder of somebody else that cannot be read is passed over, and so is every name that is not UTF-8: no object has
 * one. Rejects as `withFolder` for the folders that are ours.
 */
export async function foldersBelow (
  directory: string,
  disk: LocalDisk,
  enters: (parts: readonly string[]) => boolean = () => true,
  parts: readonly string[] = []
): Promise<readonly WalkedFolder[]> {
  // The name of a descriptor is itself a link: with a dot after it, it is the folder.
  const read = async () =>
    await withFolder(
      { directory, disk, parts },
      async folder => await disk.ask(() => readdir(folder.at('.'), { withFileTypes: true, encoding: 'buffer' }))
    )
  const found = await unlessOfOthers(parts, read)
  if (found === undefined) return []
  const entries = found.filter(({ name }) => isUtf8(name)).map(entry => ({
    name: entry.name.toString('utf8'),
    isFile: entry.isFile(),
    isFolder: entry.isDirectory()
  }))
  const files = entries.filter(({ isFile }) => isFile).map(({ name }) => name)
  const others = entries.filter(({ isFile, isFolder }) => !isFile && !isFolder).map(({ name }) => name)
  const walked: WalkedFolder[] = [{ parts, files, others }]
  if (parts.length === DEPTH) return walked
  // Hidden folders, and the "lost+found" of a disk of its own, are not ours.
  const below = entries.filter(({ name, isFolder }) => isFolder && !name.startsWith('.') && name !== 'lost+found').map(
    ({ name }) => [...parts, name]
  )
  for (const folder of below.filter(enters)) walked.push(...await foldersBelow(directory, disk, enters, folder))
  return walked
}

/**
 * What the system refuses in a folder of somebody else, or what goes away there, is no fault of the store: undefined
 * then. A link in the place of a folder is told.
 */
export async function unlessOfOthers<T> (parts: readonly string[], read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (isOwnFolder(parts) || error instanceof BackupError || systemCode(error) === undefined) throw error
    return undefined
  }
}

/** See `Store.odd`. */
export async function oddObjects (directory: string, disk: LocalDisk): Promise<readonly OddObject[]> {
  const { uid } = await disk.ask(() => lstat(`${directory}/.`))
  const odd: OddObject[] = []
  for (const { parts, files, others } of await foldersBelow(directory, disk)) {
    await unlessOfOthers(parts, async () =>
      await withFolder({ directory, disk, parts }, async folder => {
        for (const name of [...others, ...files].filter(name => !name.startsWith('.'))) {
          const found = await disk.ask(() => lstat(folder.at(name))).catch((error: unknown) => {
            if (systemCode(error) === 'ENOENT') return undefined
            throw error
          })
          const reason = found && oddity(found, uid)
          if (reason !== undefined) {
            odd.push({ key: [...parts, name].join('/'), reason: `it is ${reason}, which is never read` })
          }
        }
      }))
  }
  return odd
}
