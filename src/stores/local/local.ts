import { constants } from 'node:fs'
import { link, lstat, open, rename, rm, stat, statfs, unlink, type FileHandle } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { addAbortSignal, Readable } from 'node:stream'
import { BackupError, systemCode } from '../../core/errors.ts'
import type { Presence } from '../../core/presence.ts'
import {
  LANDING_STORE,
  type ByteRange,
  type LandingStore,
  type ObjectFacts,
  type StoredObject
} from '../../core/ports/store.ts'
import { giveToFolderOwner, makeFolders } from '../../files/folder-owner.ts'
import { LocalDisk } from './disk.ts'
import { storeError } from './errors.ts'
import { oddObjects } from './files.ts'
import { openFile, opened, refused, requireFile, statFile, withFolder, type Entry, type Folder } from './folder.ts'
import { listObjects } from './list.ts'
import { removeLeavings, temporaryName } from './temporary-files.ts'

const DIRECTORY_MODE = 0o700
const FILE_MODE = 0o600
/** Bytes that are read at once. */
const CHUNK = 256 * 1024
/** Written bytes after which the system is asked to begin putting them on the disk, so that the last sync is short. */
const FLUSH_EVERY = 32 * 1024 * 1024

export interface LocalStoreOptions {
  /** Default: that of the landing store. */
  readonly name?: string
  readonly directory: string
  /** Tells the unfinished files of those who share our catalog from those of another that shares the directory. */
  readonly instanceId: string
  readonly presence: Presence
  readonly now: () => Date
  /** The way to the directory, where others in this process use that, too. */
  readonly disk?: LocalDisk
}

/**
 * Objects as files in a directory: a key is a path below it. Where its file system does not answer, everything rejects
 * with `STORE_UNAVAILABLE`.
 */
export function localStore ({
  name = LANDING_STORE,
  directory,
  instanceId,
  presence,
  now,
  disk = new LocalDisk(directory)
}: LocalStoreOptions): LandingStore {
  const owner = { instanceId, presence }
  const pathOf = (key: string): string => join(directory, ...checkedKey(key).split('/'))
  /** Lets `work` use the folder of an object, and the name that the object has in it. */
  const inFolder = async <T>(
    key: string,
    work: (folder: Folder, name: string) => Promise<T>,
    makes = false
  ): Promise<T> => {
    const parts = checkedKey(key).split('/')
    const name = parts.pop() as string
    return await withFolder({ directory, disk, parts, makes }, async folder => await work(folder, name))
  }
  const ownerOf = async (): Promise<number> => (await disk.ask(() => stat(directory))).uid
  const entryIn = async (folder: Folder, name: string, key: string): Promise<Entry> => ({
    path: folder.at(name),
    disk,
    shown: pathOf(key),
    owner: await ownerOf()
  })
  const translated = async <T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    try {
      signal.throwIfAborted()
      return await work()
    } catch (error) {
      throw await storeError(error, key, { directory, disk })
    }
  }

  const putFile = async (
    folder: Folder,
    name: string,
    { key, body, facts }: { readonly key: string, readonly body: Readable, readonly facts: ObjectFacts },
    signal: AbortSignal
  ): Promise<StoredObject> => {
    const path = folder.at(name)
    const temporary = folder.at(temporaryName(owner))
    try {
      const size = await writeTemporary(temporary, { disk, body, facts }, signal)
      await disk.ask(() => facts.replace === true ? rename(temporary, path) : publish(temporary, path))
      await folder.sync()
      return { key, size, modifiedAt: (await disk.ask(() => lstat(path))).mtime }
    } catch (error) {
      throw signal.aborted ? signal.reason : error
    } finally {
      await disk.afterwards(() => rm(temporary, { force: true }))
    }
  }

  return {
    name,
    kind: 'local',
    isDirectory: true,
    place: directory,

    open: signal =>
      translated('', signal, async () => {
        await disk.ask(() => makeDirectory(directory))
        await removeLeavings(directory, disk, owner, now())
        const probe = join(directory, temporaryName(owner))
        const handle = await opened(disk, probe, 'wx', FILE_MODE)
        await disk.afterwards(() => handle.close())
        await disk.ask(() => unlink(probe))
      }),

    put: (key, body, facts, signal) =>
      translated(key, signal, async () => {
        try {
          return await inFolder(key, async (folder, name) =>
            await putFile(folder, name, { key, body, facts }, signal), true)
        } finally {
          body.destroy()
        }
      }),

    get: (key, range, signal) =>
      translated(key, signal, async () => {
        const handle = await inFolder(key, async (folder, name) => await openFile(await entryIn(folder, name, key)))
        return addAbortSignal(
          signal,
          readFrom(handle, {
            disk,
            range,
            translate: error => storeError(error, key, { directory, disk })
          })
        )
      }),

    stat: (key, signal) =>
      translated(key, signal, async () => {
        const found = await inFolder(key, async (folder, name) => await statFile(await entryIn(folder, name, key)))
        return { key, size: found.size, modifiedAt: found.mtime }
      }),

    list: (prefix, signal) => listObjects(directory, disk, prefix, signal),
    odd: signal => translated('', signal, async () => await oddObjects(directory, disk)),

    remove: (key, signal) =>
      translated(key, signal, async () => {
        await inFolder(key, async (folder, name) => {
          await disk.ask(() => rm(folder.at(name), { force: true }))
          await folder.sync()
        }).catch(async (error: unknown) => {
          // Without its folder it is not there either; without the directory nothing can be told.
          if (systemCode(error) !== 'ENOENT') throw error
          await disk.ask(() => stat(directory))
        })
      }),

    move: (from, to, signal) =>
      translated(from, signal, async () => {
        checkedKey(from)
        await inFolder(to, async (toFolder, toName) => {
          await inFolder(from, async (fromFolder, fromName) => {
            const [source, target] = [fromFolder.at(fromName), toFolder.at(toName)]
            await statFile(await entryIn(fromFolder, fromName, from))
            // A move that a crash cut short left the one file with both names: it is finished now.
            await disk.ask(async () => {
              if (from === to || !await isSameFile(source, target)) await publish(source, target)
            })
            await toFolder.sync()
            await disk.ask(() => rm(source, { force: true }))
            await fromFolder.sync()
          })
        }, true)
      }),

    space: signal =>
      translated('', signal, async () => {
        const { bavail, blocks, bsize } = await disk.ask(() => statfs(directory))
        return { free: bavail * bsize, total: blocks * bsize }
      }),

    location: pathOf,
    file: (key, signal) =>
      translated(key, signal, async () => {
        const path = pathOf(key)
        await disk.ask(() => requirePlain(directory, checkedKey(key).split('/')))
        return path
      }),
    features: async () => ({ versioning: false, objectLock: false, clockAhead: null })
  }
}

/**
 * Rejects with `OBJECT_REFUSED` where the way to an object leads over a symbolic link, or to something that is no
 * regular file. What is not there is left to who opens it.
 */
async function requirePlain (directory: string, parts: readonly string[]): Promise<void> {
  for (const n of parts.keys()) {
    const shown = join(directory, ...parts.slice(0, n + 1))
    const found = await lstat(shown).catch((error: unknown) => {
      if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined
      throw error
    })
    if (found === undefined) return
    if (n === parts.length - 1) requireFile(found, { shown, owner: (await stat(directory)).uid })
    else if (found.isSymbolicLink()) throw refused(shown, 'a symbolic link, not a directory')
  }
}

/**
 * Only names that stay below the directory; keys come from the catalog and from manifests, which a person may have
 * edited.
 */
function checkedKey (key: string): string {
  const parts = key.split('/')
  if (parts.some(part => part === '' || part === '.' || part === '..' || part.includes('\0') || part.includes(sep))) {
    throw new BackupError('OBJECT_NOT_FOUND', `"${key}" cannot be the name of an object`)
  }
  return key
}

/** `mkdir -p`, with each new folder made durable in the one above it. */
async function makeDirectory (path: string): Promise<void> {
  const first = await makeFolders(path, DIRECTORY_MODE)
  if (first !== undefined) await syncDirectory(dirname(first))
}

interface Written {
  readonly disk: LocalDisk
  readonly body: Readable
  readonly facts: ObjectFacts
}

async function writeTemporary (path: string, { disk, body, facts }: Written, signal: AbortSignal): Promise<number> {
  const handle = await opened(disk, path, 'wx', FILE_MODE)
  try {
    await disk.ask(() => giveToFolderOwner(handle, dirname(path)))
    const size = await writeAll(handle, { disk, body }, signal)
    if (facts.size !== undefined && facts.size !== size) {
      throw new BackupError('STORE_FAILED', `the body has ${size} bytes instead of ${facts.size}`)
    }
    await disk.ask(() => handle.sync())
    return size
  } finally {
    await disk.afterwards(() => handle.close())
  }
}

async function writeAll (
  handle: FileHandle,
  { disk, body }: Pick<Written, 'disk' | 'body'>,
  signal: AbortSignal
): Promise<number> {
  let size = 0
  let flushed = 0
  let flush: Promise<unknown> | undefined
  // The abort ends the body, for one that gives nothing more would be waited for.
  for await (const chunk of addAbortSignal(signal, body) as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length;) at += (await disk.ask(() => handle.write(chunk, at))).bytesWritten
    size += chunk.length
    if (size - flushed < FLUSH_EVERY || flush !== undefined) continue
    flushed = size
    // Only a head start: what goes wrong here goes wrong again in the sync at the end.
    flush = disk.ask(() => handle.datasync()).catch(() => {}).finally(() => {
      flush = undefined
    })
  }
  await flush
  return size
}

interface Reading {
  readonly disk: LocalDisk
  readonly range: ByteRange | undefined
  readonly translate: (error: unknown) => Promise<unknown>
}

/** The bytes of the file, or the range of them; closes the file at the end. */
function readFrom (handle: FileHandle, { disk, range, translate }: Reading): Readable {
  let at = range?.start ?? 0
  const end = range === undefined ? Number.POSITIVE_INFINITY : range.end + 1
  const next = async (): Promise<Buffer | null> => {
    const wanted = Math.min(CHUNK, end - at)
    if (wanted <= 0) return null
    const buffer = Buffer.allocUnsafeSlow(wanted)
    const { bytesRead } = await disk.ask(() => handle.read(buffer, 0, wanted, at))
    at += bytesRead
    return bytesRead === 0 ? null : buffer.subarray(0, bytesRead)
  }
  const failed = async (error: unknown): Promise<Error> => await translate(error) as Error
  return new Readable({
    highWaterMark: CHUNK,
    read () {
      next().then(chunk => {
        this.push(chunk)
      }, async (error: unknown) => {
        this.destroy(await failed(error))
      })
    },
    destroy (error, done) {
      disk.afterwards(() => handle.close()).then(() => {
        done(error)
      }, async (thrown: unknown) => {
        done(error ?? await failed(thrown))
      })
    }
  })
}

/**
 * Gives the file its name without ever taking that of another: a hard link fails where the name exists. Where the file
 * system knows no links, the name is taken first, and then replaced.
 */
async function publish (from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes(systemCode(error) ?? '')) throw error
    await (await open(to, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, FILE_MODE)).close()
    await rename(from, to)
  }
}

async function isSameFile (one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map(async path => await lstat(path).catch(() => undefined)))
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino
}

async function syncDirectory (path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
