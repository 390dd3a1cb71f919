import { randomBytes } from 'node:crypto'
import { createWriteStream, fsyncSync } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Command, Option } from 'commander'
import { BackupError, systemCode, toBackupError } from '../../core/errors.ts'
import { MAIN } from '../../core/ports/part.ts'
import type { Download } from '../../engine/restore/download.ts'
import { openFolder, type Folder } from '../../files/folder.ts'
import { noRoom } from '../../files/no-room.ts'
import { takeName } from '../../files/take-name.ts'
import { idArgument, jsonOption } from '../arguments.ts'
import { interruption } from '../interruption.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

export interface DownloadDeps extends Shell {
  readonly cwd: string
}

interface Flags extends JsonFlag {
  readonly output?: string
  readonly decoded?: true
  readonly part: string
}

export function downloadCommand (deps: DownloadDeps): Command {
  return new Command('download')
    .description(
      'Download a backup from any store to a file, and check its digest. An existing file is never overwritten.'
    )
    .addArgument(idArgument())
    .addOption(new Option('--output <path>', 'target: a new file or a directory; default: the working directory'))
    .option('--decoded', 'write the decrypted and decompressed database')
    .option('--part <name>', 'only the part with this name, or "all" for a tar of all parts as stored', MAIN)
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 5, 6, 7, 130]))
    .action(async (id: number, flags: Flags) => {
      const { decoded = false, part } = flags
      const { path, size, store } = await deps.withSession(flags, async ({ engine, audited }) => {
        const download = await engine.download(id, { decoded, part })
        const path = await pathFor(deps.cwd, flags.output, download.fileName)
        await audited({ action: 'backup download', target: `backup ${id}` }, () => write(download, path))
        return { path, size: download.size, store: download.store }
      })
      const { viewDownloaded } = await import('../views/downloaded.ts')
      show(deps, flags, viewDownloaded({ backupId: id, path, store, size, decoded, part }))
    })
}

async function pathFor (cwd: string, output: string | undefined, fileName: string): Promise<string> {
  const wanted = resolve(cwd, output ?? '.')
  const found = await stat(wanted).catch(() => undefined)
  return found?.isDirectory() === true ? join(wanted, fileName) : wanted
}

/** The file has its name only once it is whole, and proven. */
async function write (download: Download, path: string): Promise<void> {
  const { signal, dispose } = interruption()
  const name = `.holdfast-${randomBytes(6).toString('hex')}.part`
  let folder: Folder | undefined
  try {
    await requireFree(path)
    // Everything from here on is in this very directory, whatever becomes of its path.
    folder = openFolder(dirname(path))
    const temporary = folder.at(name)
    await pipeline(
      await download.open(undefined, signal),
      createWriteStream(temporary, { flags: 'wx', mode: 0o600, flush: true }),
      { signal }
    )
    takeName(temporary, folder.at(basename(path)))
    fsyncSync(folder.fd)
  } catch (thrown) {
    if (signal.aborted) {
      throw new BackupError('CANCELLED', 'interrupted', {
        hint: 'Temporary files were removed. Run the command again to repeat it.',
        cause: thrown
      })
    }
    throw inWords(thrown, path)
  } finally {
    if (folder !== undefined) await rm(folder.at(name), { force: true })
    folder?.close()
    dispose()
  }
}

async function requireFree (path: string): Promise<void> {
  if (await stat(path).catch(() => undefined) !== undefined) throw taken(path)
}

function taken (path: string): BackupError {
  return new BackupError('RESTORE_TARGET_EXISTS', `"${path}" already exists`, {
    hint: 'Give another path with --output, or move the existing file elsewhere.'
  })
}

function inWords (thrown: unknown, path: string): BackupError {
  const code = systemCode(thrown)
  if (thrown instanceof BackupError || code === undefined) return toBackupError(thrown)
  if (code === 'EEXIST') return taken(path)
  return noRoom(thrown, dirname(path), 'give another path with --output') ??
    new BackupError('RESTORE_TARGET_INVALID', `"${path}" cannot be written (${code})`, {
      hint: 'Give a path in a directory in which this user has write permission.',
      cause: thrown
    })
}
