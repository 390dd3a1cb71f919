import { constants, existsSync } from 'node:fs'
import { link, mkdir, open, rename, rm, stat, statfs, unlink, type FileHandle } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { BackupError, systemCode } from '../core/errors.ts'
import type { Presence } from '../core/presence.ts'
import type { LandingStore, ObjectFacts, StoredObject } from '../core/store.ts'
import { storeError } from './local-errors.ts'
import { filesBelow } from './local-files.ts'
import { removeLeavings, temporaryName } from './local-leavings.ts'

const DIRECTORY_MODE = 0o700
const FILE_MODE = 0o600
/** Written bytes after which the system is asked to begin putting them on the disk, so that the last sync is short. */
const FLUSH_EVERY = 32 * 1024 * 1024

export interface LocalStoreOptions {
  /** Default: `local`. */
  readonly name?: string
  readonly directory: string
  /** Tells the unfinished files of those who share our catalog from those of another that shares the directory. */
  readonly instanceId: string
  readonly presence: Presence
  readonly now: () => Date
}

/** Objects as files in a directory: a key is a path below it. */
export function localStore ({ name = 'local', directory, instanceId, presence, now }: LocalStoreOptions): LandingStore {
  const owner = { instanceId, presence }
  const pathOf = (key: string): string => join(directory, ...checkedKey(key).split('/'))
  const requireDirectory = (): void => {
    if (!existsSync(directory)) throw new BackupError('STORE_UNAVAILABLE', `the backup directory "${directory}" does not exist`, { hint: 'Mount the disk that it is on, or create the directory.' })
  }
  // Never the directory itself: one that is gone is a disk that is not mounted, and its place on another disk is not the store.
  const folderOf = async (path: string): Promise<string> => {
    const folder = dirname(path)
    requireDirectory()
    await makeDirectory(folder)
    return folder
  }
  const translated = async <T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    try {
      signal.throwIfAborted()
      return await work()
    } catch (error) {
      throw storeError(error, key, directory)
    }
  }

  return {
    name,
    kind: 'local',
    place: directory,

    open: signal => translated('', signal, async () => {
      await makeDirectory(directory)
      await removeLeavings(directory, owner, now())
      const probe = join(directory, temporaryName(owner))
      await (await open(probe, 'wx', FILE_MODE)).close()
      await unlink(probe)
    }),

    put: (key, body, facts, signal) => translated(key, signal, async () => {
      const path = pathOf(key)
      const folder = await folderOf(path)
      const temporary = join(folder, temporaryName(owner))
      try {
        const size = await writeTemporary(temporary, body, facts, signal)
        await (facts.replace === true ? rename(temporary, path) : publish(temporary, path))
        await syncDirectory(folder)
        return { key, size, modifiedAt: (await stat(path)).mtime }
      } catch (error) {
        throw signal.aborted ? signal.reason : error
      } finally {
        body.destroy()
        await rm(temporary, { force: true })
      }
    }),

    get: (key, range, signal) => translated(key, signal, async () => {
      const handle = await open(pathOf(key), 'r')
      if (!(await handle.stat()).isFile()) {
        await handle.close()
        throw new BackupError('OBJECT_NOT_FOUND', `"${key}" is not a file`)
      }
      const stored = handle.createReadStream({ ...range, signal, highWaterMark: 256 * 1024 })
      // What the disk says in the middle of it changes on its way out, like any other error.
      const destroy = stored._destroy.bind(stored)
      stored._destroy = (error, done) => { destroy(error === null ? null : storeError(error, key, directory) as Error, done) }
      return stored
    }),

    stat: (key, signal) => translated(key, signal, async () => {
      const found = await stat(pathOf(key))
      if (!found.isFile()) throw new BackupError('OBJECT_NOT_FOUND', `"${key}" is not a file`)
      return { key, size: found.size, modifiedAt: found.mtime }
    }),

    list: (prefix, signal) => listFiles(directory, prefix, signal),

    remove: (key, signal) => translated(key, signal, async () => {
      const path = pathOf(key)
      requireDirectory()
      await rm(path, { force: true })
      if (existsSync(dirname(path))) await syncDirectory(dirname(path))
    }),

    move: (from, to, signal) => translated(from, signal, async () => {
      const source = pathOf(from)
      const target = pathOf(to)
      await folderOf(target)
      // A move that a crash cut short left the one file with both names: it is finished now.
      if (source === target || !await isSameFile(source, target)) await publish(source, target)
      await syncDirectory(dirname(target))
      await rm(source, { force: true })
      await syncDirectory(dirname(source))
    }),

    space: signal => translated('', signal, async () => {
      const { bavail, blocks, bsize } = await statfs(directory)
      return { free: bavail * bsize, total: blocks * bsize }
    }),

    location: pathOf,
    file: pathOf,
    features: async () => ({ versioning: false, objectLock: false, clockAhead: null })
  }
}

/** Only names that stay below the directory; keys come from the catalog and from manifests, which a person may have edited. */
function checkedKey (key: string): string {
  const parts = key.split('/')
  if (parts.some(part => part === '' || part === '.' || part === '..' || part.includes('\0') || part.includes(sep))) {
    throw new BackupError('OBJECT_NOT_FOUND', `"${key}" cannot be the name of an object`)
  }
  return key
}

/** `mkdir -p`, with each new folder made durable in the one above it. */
async function makeDirectory (path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: DIRECTORY_MODE })
  if (first !== undefined) await syncDirectory(dirname(first))
}

async function writeTemporary (path: string, body: Readable, facts: ObjectFacts, signal: AbortSignal): Promise<number> {
  const handle = await open(path, 'wx', FILE_MODE)
  try {
    const size = await writeAll(handle, body, signal)
    if (facts.size !== undefined && facts.size !== size) throw new BackupError('STORE_FAILED', `the body has ${size} bytes instead of ${facts.size}`)
    await handle.sync()
    return size
  } finally {
    await handle.close()
  }
}

async function writeAll (handle: FileHandle, body: Readable, signal: AbortSignal): Promise<number> {
  let size = 0
  let flushed = 0
  let flush: Promise<unknown> | undefined
  // The abort ends the body, for one that gives nothing more would be waited for.
  for await (const chunk of addAbortSignal(signal, body) as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length;) at += (await handle.write(chunk, at)).bytesWritten
    size += chunk.length
    if (size - flushed < FLUSH_EVERY || flush !== undefined) continue
    flushed = size
    // Only a head start: what goes wrong here goes wrong again in the sync at the end.
    flush = handle.datasync().catch(() => {}).finally(() => { flush = undefined })
  }
  await flush
  return size
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
  const [a, b] = await Promise.all([one, other].map(async path => await stat(path).catch(() => undefined)))
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

async function * listFiles (directory: string, prefix: string, signal: AbortSignal): AsyncIterable<StoredObject> {
  signal.throwIfAborted()
  const entries = await filesBelow(directory).catch((error: unknown) => { throw storeError(error, prefix, directory) })
  const keys = entries.filter(({ name }) => !name.startsWith('.')).map(entry => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'))
  for (const key of keys.filter(name => name.startsWith(prefix)).toSorted()) {
    signal.throwIfAborted()
    const found = await stat(join(directory, key)).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return undefined
      throw storeError(error, key, directory)
    })
    if (found !== undefined) yield { key, size: found.size, modifiedAt: found.mtime }
  }
}
