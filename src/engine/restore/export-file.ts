import { createHash, randomBytes } from 'node:crypto'
import { fsyncSync, lstatSync, renameSync, rmSync } from 'node:fs'
import { open, rm, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { BackupError, systemCode } from '../../core/errors.ts'
import type { WriteExport } from '../../core/ports/export.ts'
import { openFolder } from '../../files/folder.ts'
import { noRoom } from '../../files/no-room.ts'
import { takeName } from '../../files/take-name.ts'

/** Of the bytes that were written. */
export interface ExportFacts {
  readonly bytes: number
  readonly sha256: string
}

export interface ExportTarget {
  /** An absolute path. */
  readonly file: string
  /** Whether the export replaces a file that exists. */
  readonly overwrite: boolean
}

/**
 * Lets `produce` write to a temporary file next to the target, mode 0600, which gets the name of the target once it is
 * complete and on disk. If this rejects, there is no new file, and an existing one is unchanged. Rejects with
 * `RESTORE_TARGET_EXISTS`, `RESTORE_TARGET_INVALID`, `DISK_FULL`, and with what `produce` rejects with.
 */
export async function writeExportFile<T> (
  { file, overwrite }: ExportTarget,
  produce: (write: WriteExport) => Promise<T>
): Promise<ExportFacts & { readonly result: T }> {
  const [directory, name] = [dirname(file), basename(file)]
  const temporary = `.holdfast-${randomBytes(6).toString('hex')}.part`
  return await inWords(file, 'choose another path', async () => {
    const folder = openFolder(directory)
    try {
      if (!overwrite && lstatSync(folder.at(name), { throwIfNoEntry: false }) !== undefined) throw taken(file)
      const handle = await open(folder.at(temporary), 'wx', 0o600)
      try {
        const written = await writeTo(handle, produce)
        await handle.sync()
        if (overwrite) renameSync(folder.at(temporary), folder.at(name))
        else takeName(folder.at(temporary), folder.at(name))
        fsyncSync(folder.fd)
        return written
      } finally {
        await handle.close()
        rmSync(folder.at(temporary), { force: true })
      }
    } finally {
      folder.close()
    }
  })
}

/**
 * Lets `produce` write to a file in `directory` that has no name any more, and so is gone with its descriptor.
 * `content`: all its bytes, which releases the descriptor when it was read or destroyed. Rejects with `DISK_FULL`, and
 * with what `produce` rejects with.
 */
export async function spoolExport<T> (
  directory: string,
  produce: (write: WriteExport) => Promise<T>
): Promise<ExportFacts & { readonly result: T, readonly content: Readable }> {
  const path = join(directory, `export-${randomBytes(6).toString('hex')}`)
  return await inWords(path, 'set SCRATCH_DIR to a larger disk', async () => {
    const handle = await open(path, 'wx+', 0o600)
    try {
      await rm(path)
      const written = await writeTo(handle, produce)
      return { ...written, content: handle.createReadStream({ start: 0 }) }
    } catch (error) {
      await handle.close()
      throw error
    }
  })
}

async function writeTo<T> (
  handle: FileHandle,
  produce: (write: WriteExport) => Promise<T>
): Promise<ExportFacts & { readonly result: T }> {
  const hash = createHash('sha256')
  let bytes = 0
  const result = await produce(async chunk => {
    hash.update(chunk)
    // A call may write less than it was given.
    for (let done = 0; done < chunk.length;) done += (await handle.write(chunk, done)).bytesWritten
    bytes += chunk.length
  })
  return { bytes, sha256: hash.digest('hex'), result }
}

async function inWords<T> (file: string, remedy: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const code = systemCode(error)
    if (error instanceof BackupError || code === undefined) throw error
    if (code === 'EEXIST') throw taken(file)
    throw noRoom(error, dirname(file), remedy) ??
      new BackupError('RESTORE_TARGET_INVALID', `"${file}" cannot be written (${code})`, {
        hint: 'Give a path of a file in an existing directory in which this user has write permission.',
        cause: error
      })
  }
}

function taken (file: string): BackupError {
  return new BackupError('RESTORE_TARGET_EXISTS', `"${file}" already exists`, {
    hint: 'Give another path, or allow that the file is overwritten.'
  })
}
