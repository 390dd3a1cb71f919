import { lstat, stat } from 'node:fs/promises'
import { systemCode } from '../../core/errors.ts'
import type { StoredObject } from '../../core/ports/store.ts'
import type { LocalDisk } from './disk.ts'
import { storeError } from './errors.ts'
import { foldersBelow, unlessOfOthers } from './files.ts'
import { oddity, withFolder } from './folder.ts'

/** So many files of one folder are asked for their size and time at once, at most. */
const AT_ONCE = 64

interface Named {
  readonly folder: string
  readonly name: string
  readonly key: string
}

/** See `Store.list`. What `odd` tells of is not among them, and neither is what has become that meanwhile. */
export async function* listObjects (
  directory: string,
  disk: LocalDisk,
  prefix: string,
  signal: AbortSignal
): AsyncIterable<StoredObject> {
  signal.throwIfAborted()
  const translated = async <T>(key: string, work: () => Promise<T>): Promise<T> =>
    await work().catch(async (error: unknown) => {
      throw await storeError(error, key, { directory, disk })
    })
  const { uid } = await translated('', async () => await disk.ask(() => stat(directory)))
  for (const group of groups(await translated(prefix, async () => await namedBelow(directory, disk, prefix)))) {
    signal.throwIfAborted()
    yield* await translated(group[0]?.key ?? prefix, async () => await objectsOf(directory, disk, group, uid))
  }
}

/** In the order of keys. */
async function namedBelow (directory: string, disk: LocalDisk, prefix: string): Promise<readonly Named[]> {
  const named = (await foldersBelow(directory, disk)).flatMap(({ parts, files }) =>
    files.filter(name => !name.startsWith('.')).map(name => ({
      folder: parts.join('/'),
      name,
      key: [...parts, name].join('/')
    }))
  )
  return named.filter(({ key }) => key.startsWith(prefix)).toSorted((a, b) => a.key < b.key ? -1 : 1)
}

/** Those that follow each other in the same folder, together. */
function* groups (named: readonly Named[]): Generator<readonly Named[]> {
  let group: Named[] = []
  for (const one of named) {
    if (group.length === AT_ONCE || (group[0] !== undefined && group[0].folder !== one.folder)) {
      yield group
      group = []
    }
    group.push(one)
  }
  if (group.length > 0) yield group
}

async function objectsOf (
  directory: string,
  disk: LocalDisk,
  group: readonly Named[],
  owner: number
): Promise<readonly StoredObject[]> {
  const parts = (group[0]?.folder ?? '').split('/').filter(part => part !== '')
  return await unlessOfOthers(parts, async () =>
    await withFolder({ directory, disk, parts }, async folder => {
      const objects = await Promise.all(group.map(async ({ name, key }) => {
        const found = await disk.ask(() => lstat(folder.at(name))).catch((error: unknown) => {
          if (systemCode(error) === 'ENOENT') return undefined
          throw error
        })
        return found === undefined || found.isDirectory() || oddity(found, owner) !== undefined
          ? []
          : [{ key, size: found.size, modifiedAt: found.mtime }]
      }))
      return objects.flat()
    })) ?? []
}
