import { lstat, readdir } from 'node:fs/promises'
import { systemCode } from '../core/errors.ts'
import type { OddObject } from '../core/store.ts'
import { oddity, withFolder } from './local-folder.ts'

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

/** Looks through the directory and the folders in it; symbolic links are not followed. Rejects as `withFolder`. */
export async function foldersBelow (directory: string, parts: readonly string[] = []): Promise<readonly WalkedFolder[]> {
  // The name of a descriptor is itself a link: with a dot after it, it is the folder.
  const entries = await withFolder({ directory, parts }, async folder => await readdir(folder.at('.'), { withFileTypes: true }))
  const files = entries.filter(entry => entry.isFile()).map(({ name }) => name)
  const others = entries.filter(entry => !entry.isFile() && !entry.isDirectory()).map(({ name }) => name)
  const walked: WalkedFolder[] = [{ parts, files, others }]
  if (parts.length === DEPTH) return walked
  // Hidden folders, and the "lost+found" of a disk of its own, are not ours, and may be closed to us.
  const below = entries.filter(entry => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'lost+found')
  for (const { name } of below) walked.push(...await foldersBelow(directory, [...parts, name]))
  return walked
}

/** See `Store.odd`. */
export async function oddObjects (directory: string): Promise<readonly OddObject[]> {
  const { uid } = await lstat(`${directory}/.`)
  const odd: OddObject[] = []
  for (const { parts, files, others } of await foldersBelow(directory)) {
    await withFolder({ directory, parts }, async folder => {
      for (const name of [...others, ...files].filter(name => !name.startsWith('.'))) {
        const found = await lstat(folder.at(name)).catch((error: unknown) => {
          if (systemCode(error) === 'ENOENT') return undefined
          throw error
        })
        const reason = found && oddity(found, uid)
        if (reason !== undefined) odd.push({ key: [...parts, name].join('/'), reason: `it is ${reason}, which is never read` })
      }
    })
  }
  return odd
}
