import { randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  createReadStream,
  createWriteStream,
  existsSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  openSync,
  statSync,
  type Stats
} from 'node:fs'
import { statfs } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { BackupError, systemCode } from '../../core/errors.ts'
import type { Salvaged, SalvageProgress } from '../../core/restore/salvage.ts'
import { followedPath } from '../../files/followed-path.ts'
import { isOwn, makeFolder, openFolder, removeFolder, type Folder } from '../../files/folder.ts'
import { noRoom } from '../../files/no-room.ts'
import { takeName } from '../../files/take-name.ts'
import { sibling } from '../child.ts'
import { DEFAULT_LIMITS, startSubprocess } from '../subprocess.ts'
import { sourceError } from './errors.ts'
import { requireOneName } from './one-name.ts'
import { SQLITE_CHILD } from './open.ts'
import { requireAt } from './opened.ts'
import type { SalvageMessage, SalvageTask, Salvage } from './salvage-protocol.ts'

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR } = constants
/** What SQLite keeps beside a database and needs to know its content. The third, `-shm`, it makes anew. */
const COMPANIONS = ['-wal', '-journal'] as const
/** What would change the new database as soon as somebody opened it. */
const LEFTOVERS = ['', '-wal', '-shm', '-journal'] as const
/** What is made in a folder of its own: a copy of the damaged database, and the new one. */
const [COPY, FRESH] = ['damaged.db', 'recovered.db'] as const
const MADE = [COPY, FRESH].flatMap(name => LEFTOVERS.map(suffix => name + suffix))
/** The file is copied, and made anew. */
const FILES = 2
/** Bytes. The rows of a damaged file may be larger than SQLite itself would take. */
const RECOVER_MEMORY = 4 * DEFAULT_LIMITS.memory

/**
 * Rescues what can be read of the damaged database at `given` into the new file `output`, with the rights of the old
 * one. The damaged one is only read, and copied with its journal before anything else is done. `output` is there, whole
 * and durable, once this resolves; where it rejects nothing is.
 *
 * Throws `RESTORE_TARGET_EXISTS` where something is at `output` or is left there of another database, `DISK_FULL`,
 * `SOURCE_LOCKED` where the file was written to meanwhile, `SOURCE_MALFORMED` where not one row could be saved,
 * `SOURCE_OTHER_NAME` where its journal may lie beside another name, and as a source does for a file that is not there
 * or must not be read.
 */
export async function salvageDatabase (given: string, output: string, progress: SalvageProgress): Promise<Salvaged> {
  requireFree(output)
  const parts = partsOf(given)
  const path = parts[0].path
  await requireRoom(parts, output)
  const name = `.${basename(output)}.${randomUUID()}.recover`
  let folder: Folder | undefined
  let own: Folder | undefined
  try {
    folder = openFolder(dirname(output))
    own = makeFolder(folder, name)
    await copyAll(parts, own, progress)
    progress.phase('restoring')
    // Another process opens them, which needs a path that is its own, too.
    const directory = join(followedPath(dirname(output), 'RESTORE_TARGET_INVALID'), name)
    const salvage = await salvageIn({ copy: join(directory, COPY), fresh: join(directory, FRESH) }, progress.signal)
    if (isNothing(salvage)) {
      throw new BackupError('SOURCE_MALFORMED', `no row of "${path}" could be saved`, {
        hint: 'Look for an older copy of the file; "holdfast list" shows the backups.'
      })
    }
    publish(own, folder, output, statSync(path).mode)
    return { path: given, output, size: statSync(output).size, ...salvage }
  } catch (error) {
    throw progress.signal.aborted ? error : inWordsOfARescue(error, path, output)
  } finally {
    if (folder !== undefined && own !== undefined) removeFolder(folder, name, MADE, own)
    folder?.close()
  }
}

interface Part {
  readonly path: string
  /** What stands behind the name of the database. */
  readonly suffix: string
  readonly stats: Stats
}

function partsOf (given: string): readonly [Part, ...Part[]] {
  try {
    const path = requireOneName(given)
    const stats = statSync(path)
    if (!stats.isFile()) {
      throw new BackupError('SOURCE_NOT_A_DATABASE', `"${path}" is not a regular file`, {
        hint: 'Give the path of the database file.'
      })
    }
    if (stats.size === 0) {
      throw new BackupError('SOURCE_EMPTY', `"${path}" has zero bytes`, {
        hint: 'It contains no data. Look for an older copy.'
      })
    }
    return [
      { path, suffix: '', stats },
      ...COMPANIONS.flatMap(suffix => {
        const found = statSync(path + suffix, { throwIfNoEntry: false })
        return found === undefined || found.size === 0 ? [] : [{ path: path + suffix, suffix, stats: found }]
      })
    ]
  } catch (error) {
    throw sourceError(error, given)
  }
}

function requireFree (output: string): void {
  const inTheWay = LEFTOVERS.map(suffix => output + suffix).find(path => existsSync(path))
  if (inTheWay === undefined) return
  throw new BackupError('RESTORE_TARGET_EXISTS', `"${inTheWay}" already exists`, {
    hint: 'Give a new file with --output. Existing files are never overwritten.'
  })
}

async function requireRoom (parts: readonly Part[], output: string): Promise<void> {
  const needed = FILES * parts.reduce((sum, { stats }) => sum + stats.size, 0)
  const directory = dirname(output)
  const { bavail, bsize } = await statfs(directory).catch((cause: unknown) => {
    throw new BackupError('RESTORE_TARGET_INVALID', `"${directory}" is not a usable directory`, {
      hint: 'Give a file in an existing directory.',
      cause
    })
  })
  if (bavail * bsize >= needed) return
  throw new BackupError(
    'DISK_FULL',
    `in "${directory}" ${bavail * bsize} bytes are free, and a copy and the new database need ${needed}`,
    { hint: 'Free space there, or give a file on another disk.' }
  )
}

/** A file that changed while it was copied is no copy of anything. */
async function copyAll (parts: readonly Part[], own: Folder, progress: SalvageProgress): Promise<void> {
  progress.phase('storing', parts.reduce((sum, { stats }) => sum + stats.size, 0))
  let done = 0
  for (const { path, suffix } of parts) {
    await pipeline(
      createReadStream('', { fd: openToCopy(path) }),
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          done += chunk.length
          progress.bytes(done)
          yield chunk
        }
      },
      createWriteStream('', { fd: makeFile(own, COPY + suffix) }),
      { signal: progress.signal }
    )
  }
  const changed = parts.find(({ path, stats }) => {
    const now = statSync(path, { throwIfNoEntry: false })
    return now?.size !== stats.size || now.mtimeMs !== stats.mtimeMs
  })
  if (changed !== undefined) {
    throw new BackupError('SOURCE_LOCKED', `"${changed.path}" was changed while it was copied`, {
      hint: 'Stop the application that uses the database, then retry.'
    })
  }
}

function openToCopy (path: string): number {
  const fd = openSync(path, O_RDONLY | O_NOFOLLOW)
  try {
    requireAt(fd, path)
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

function makeFile (own: Folder, name: string): number {
  const fd = openSync(own.at(name), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  if (isOwn(own, fd)) return fd
  closeSync(fd)
  throw exchanged()
}

function exchanged (): BackupError {
  return new BackupError(
    'RESTORE_TARGET_INVALID',
    'another user replaced the directory of the new database',
    { hint: 'Give a file with --output in a directory that is not writable for other users.' }
  )
}

async function salvageIn (task: SalvageTask, signal: AbortSignal): Promise<Salvage> {
  let last: SalvageMessage | undefined
  const child = startSubprocess({
    entry: sibling(import.meta.url, 'salvage-child'),
    task,
    ...SQLITE_CHILD,
    onMessage: message => {
      last = message as SalvageMessage
    },
    // Somebody waits for it at a terminal, and ends it there when it is enough.
    timeout: Infinity,
    memory: RECOVER_MEMORY
  }, signal)
  child.image.resume()
  await child.ended
  if (last?.type !== 'salvage') {
    throw new BackupError('SOURCE_FAILED', 'the process that salvages the database ended without a result', {
      hint: 'Try again.'
    })
  }
  return last.salvage
}

/** Empty tables that were empty are a rescue, too. */
function isNothing ({ tables, lost }: Salvage): boolean {
  const isEmptyAsItWas = tables.length > 0 && tables.every(({ rows, readable }) => rows === 0 && readable === 0)
  return lost === 0 && !isEmptyAsItWas && tables.every(({ rows }) => (rows ?? 0) === 0)
}

/** Under its name only once it is durable, and never over another file. */
function publish (own: Folder, folder: Folder, output: string, mode: number): void {
  if (lstatSync(own.at(FRESH), { throwIfNoEntry: false }) === undefined) throw exchanged()
  const fd = openSync(own.at(FRESH), O_RDONLY | O_NOFOLLOW)
  try {
    fchmodSync(fd, mode & 0o777)
    fsyncSync(fd)
    takeName(own.at(FRESH), folder.at(basename(output)))
    fsyncSync(folder.fd)
  } finally {
    closeSync(fd)
  }
}

function inWordsOfARescue (error: unknown, path: string, output: string): unknown {
  const code = systemCode(error) ?? ''
  if (code === 'EEXIST') {
    return new BackupError('RESTORE_TARGET_EXISTS', `another process created "${output}" in the meantime`, {
      hint: 'Give a new file with --output. Existing files are never overwritten.',
      cause: error
    })
  }
  const lack = noRoom(error, dirname(output), 'give a file on another disk')
  if (lack !== undefined) return lack
  if (error instanceof BackupError && error.code === 'DISK_FULL') {
    return new BackupError('DISK_FULL', `"${dirname(output)}" has no space left`, {
      hint: 'Free space there, or give a file on another disk.',
      cause: error
    })
  }
  if (['EACCES', 'EPERM', 'EROFS'].includes(code) && error instanceof Error && 'path' in error && error.path !== path) {
    return new BackupError('RESTORE_TARGET_INVALID', `"${dirname(output)}" is not writable for this user`, {
      hint: 'Give a file in a directory in which this user has write permission.',
      cause: error
    })
  }
  return error instanceof BackupError ? error : sourceError(error, path)
}
