import { createHash, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { BackupError } from '../../core/errors.ts'
import type { Task } from '../../core/job.ts'
import { noRoom } from '../../files/no-room.ts'
import { atMost, digestTap, type Digest } from '../../pipeline/digest.ts'
import { checkScratch } from '../artifacts/free-space.ts'
import type { EngineDeps } from '../deps.ts'
import { fileError, type ImportPlan } from './import-plan.ts'

/** Which file it was, and which state of it, so that another one is not removed in its place. */
export interface FileState {
  readonly path: string
  readonly dev: number
  readonly ino: number
  readonly size: number
  readonly mtimeMs: number
}

/** The decompressed content of a file in scratch space. */
export interface ImportCopy {
  /** Of this import alone. */
  readonly folder: string
  readonly path: string
  /** Of the plain content of the file, followed by that of its companions. */
  readonly content: Digest
  /** The file first, then its companions. */
  readonly files: readonly FileState[]
  /** Removes the folder. Safe to call twice. */
  remove(): Promise<void>
}

/**
 * Copies the content of a file into scratch space, decompressed; the file is only read. What it decompresses to is not
 * known beforehand: the reserve of the scratch space stays free, however much it is. Throws `DISK_FULL`,
 * `IMPORT_REFUSED` for a compressed file that is damaged, and `SOURCE_CHANGED` where the file changes while it is read.
 */
export async function copyForImport (
  deps: EngineDeps,
  plan: Omit<ImportPlan, 'importer'>,
  task: Task
): Promise<ImportCopy> {
  const { path, codec, companions, size } = plan
  await checkScratch(deps, size)
  const folder = join(deps.scratch.directory, `import-${randomUUID()}`)
  const remove = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true })
  }
  await mkdir(folder, { mode: 0o700 })
  try {
    const target = join(folder, 'content')
    const hash = createHash('sha256')
    const files: FileState[] = []
    let bytes = 0
    task.phase('unpacking', size)
    for (const file of [path, ...companions]) {
      const to = target + file.slice(path.length)
      const { state, content } = await copied(deps, file, to, file === path ? codec?.decode() : undefined, {
        onChunk: chunk => hash.update(chunk),
        task
      })
      files.push(state)
      bytes += content.size
    }
    return { folder, path: target, content: { size: bytes, sha256: hash.digest('hex') }, files, remove }
  } catch (thrown) {
    await remove()
    throw task.signal.aborted ? task.signal.reason : named(thrown, path, deps.scratch.directory)
  }
}

async function copied (
  deps: EngineDeps,
  path: string,
  to: string,
  decoder: Transform | undefined,
  { onChunk, task }: { readonly onChunk: (chunk: Buffer) => void, readonly task: Task }
): Promise<{ readonly state: FileState, readonly content: Digest }> {
  const handle = await open(path, 'r')
  try {
    const before = await stateOf(handle, path)
    const stored = digestTap(bytes => {
      task.bytes(bytes)
    })
    const plain = digestTap((_bytes, chunk) => {
      onChunk(chunk)
    })
    const { free } = await deps.scratch.space()
    const bound = atMost(free - deps.diskReserve, () => tooLarge(path, deps))
    const input = handle.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024 })
    const output = createWriteStream(to, { flags: 'wx', mode: 0o600 })
    const { signal } = task
    if (decoder === undefined) await pipeline(input, stored.stream, bound, plain.stream, output, { signal })
    else await pipeline(input, stored.stream, decoder, bound, plain.stream, output, { signal })
    const after = await stateOf(handle, path)
    if (after.size === before.size && after.mtimeMs === before.mtimeMs && stored.result().size === before.size) {
      return { state: before, content: plain.result() }
    }
    throw new BackupError('SOURCE_CHANGED', `"${path}" changed while it was read`, {
      hint: 'Import it when the program that writes it has finished.'
    })
  } finally {
    await handle.close()
  }
}

async function stateOf (handle: FileHandle, path: string): Promise<FileState> {
  const { dev, ino, size, mtimeMs } = await handle.stat()
  return { path, dev, ino, size, mtimeMs }
}

function tooLarge (path: string, { scratch, diskReserve }: EngineDeps): BackupError {
  return new BackupError(
    'DISK_FULL',
    `the content of "${
      basename(path)
    }" does not fit into the scratch directory "${scratch.directory}", where ${diskReserve} bytes must stay free`,
    { hint: 'Free space there, or set SCRATCH_DIR to a larger disk. The file is unchanged.' }
  )
}

function named (thrown: unknown, path: string, scratch: string): unknown {
  if (thrown instanceof BackupError && thrown.code === 'DECODE_FAILED') {
    return new BackupError('IMPORT_REFUSED', `"${path}" cannot be decompressed: ${thrown.message}`, {
      hint: 'Import another file.',
      cause: thrown
    })
  }
  return noRoom(thrown, scratch, 'set SCRATCH_DIR to a larger disk') ?? fileError(thrown, path)
}
