import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { readdir, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { BackupError } from '../core/errors.ts'
import type { Space } from '../core/ports/store.ts'
import { isPresenceId, type Presence } from '../core/presence.ts'
import { makeFolders } from '../files/folder-owner.ts'
import { lackOf } from '../files/no-room.ts'

/** A directory of this process's own for what is needed while a piece of work lasts. */
export interface Scratch {
  readonly directory: string
  /** Makes the directory, and removes those of processes that are gone. */
  open(): Promise<void>
  /** Removes the directory. */
  close(): Promise<void>
  space(): Promise<Space>
  /** Whether the directory is on the same disk as `path`, so that both draw on the same free space. */
  sharesDiskWith(path: string): Promise<boolean>
  /**
   * Writes `image` to a file, which is there until it is removed. Rejects with what broke the stream, or `DISK_FULL`
   * where there is no room; then there is no file.
   */
  file(image: Readable, signal: AbortSignal): Promise<ScratchFile>
}

export interface ScratchFile {
  readonly path: string
  /** May be repeated. */
  readonly remove: () => Promise<void>
}

/** The scratch directory of the process is a folder of its name in `base`, which it shares with the others. */
export function scratchDirectory (base: string, presence: Presence): Scratch {
  const directory = join(base, presence.id)
  return {
    directory,

    async open () {
      await makeFolders(directory, 0o700)
      const abandoned = (await readdir(base)).filter(name => isPresenceId(name) && !presence.isAlive(name))
      for (const name of abandoned) await rm(join(base, name), { recursive: true, force: true })
    },

    async close () {
      await rm(directory, { recursive: true, force: true })
    },

    async space () {
      const { bavail, blocks, bsize } = await statfs(directory)
      return { free: bavail * bsize, total: blocks * bsize }
    },

    async sharesDiskWith (path) {
      const [ours, other] = await Promise.all([stat(directory), stat(path)])
      return ours.dev === other.dev
    },

    async file (image, signal) {
      return await writtenTo(directory, image, signal)
    }
  }
}

async function writtenTo (directory: string, image: Readable, signal: AbortSignal): Promise<ScratchFile> {
  const path = join(directory, `image-${randomUUID()}.plain`)
  const remove = async (): Promise<void> => {
    await rm(path, { force: true })
  }
  try {
    const output = createWriteStream(path, { flags: 'wx', mode: 0o600, highWaterMark: 1024 * 1024 })
    await pipeline(image, output, { signal })
    return { path, remove }
  } catch (error) {
    await remove()
    throw signal.aborted ? signal.reason : translated(error, directory)
  }
}

function translated (error: unknown, directory: string): unknown {
  const lack = lackOf(error, directory)
  if (lack === undefined) return error
  if (lack === 'size') {
    return new BackupError(
      'FILE_SIZE_LIMIT',
      `the image exceeds the maximum file size in the scratch directory "${directory}"`,
      {
        hint:
          'Set SCRATCH_DIR to a file system without that limit, or raise the limit of the process ("ulimit -f", LimitFSIZE).',
        cause: error
      }
    )
  }
  const what = lack === 'files'
    ? 'has no free inodes: space is left, but no more files can be created'
    : lack === 'quota'
    ? 'has no space left: the quota of this user is used up'
    : 'has no space left'
  return new BackupError('DISK_FULL', `the scratch directory "${directory}" ${what}`, {
    hint: 'Free space there, or set SCRATCH_DIR to a larger disk.',
    cause: error
  })
}
