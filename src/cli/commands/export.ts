import { resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { Argument, Command, Option } from 'commander'
import { BackupError } from '../../core/errors.ts'
import { EXPORT_FORMATS, type ExportFormat } from '../../core/ports/export.ts'
import type { Exported, ExportFrom, ExportTarget } from '../../engine/restore/export.ts'
import { jsonOption, parseId, sourceOption } from '../arguments.ts'
import { newestValid } from '../chosen-backup.ts'
import { targetOf } from '../each.ts'
import { defaultOf } from '../guards.ts'
import { hinted } from '../hinted.ts'
import { exitCodesHelp, type Output } from '../output.ts'
import type { Session } from '../session.ts'
import { show, type JsonFlag } from '../shell.ts'
import type { DownloadDeps } from './download.ts'

interface Flags extends JsonFlag {
  readonly table: string
  readonly where?: string
  readonly format: ExportFormat
  readonly output?: string
  readonly overwrite?: true
  readonly latest?: true
  readonly live?: true
  readonly source?: string
  readonly member?: string
}

export function exportCommand (deps: DownloadDeps): Command {
  return new Command('export')
    .description(
      'Export rows of one table as CSV, JSON Lines or SQL, from a backup or from the live database. Nothing is printed before all rows were read.'
    )
    .addArgument(new Argument('[id]', 'id of the backup, as shown by "list"').argParser(parseId))
    .requiredOption('--table <name>', 'the table')
    .option('--where <condition>', 'only rows that match this SQL expression over the columns of the table')
    .addOption(new Option('--format <format>', 'format of the rows').choices(EXPORT_FORMATS).default('csv'))
    .option('-o, --output <file>', 'write to this new file; default: standard output (-)')
    .option('--overwrite', 'replace the file if it exists')
    .option('--latest', 'the newest valid backup of the source')
    .option('--live', 'the live database of the source instead of a backup')
    .addOption(sourceOption('with --latest or --live: the source; default: that of DATABASE_PATH'))
    .option('--member <name>', 'for a backup of a set: the member that has the table')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 5, 6, 7, 130]))
    .action(async (id: number | undefined, flags: Flags) => {
      const target = targetFor(deps.cwd, flags)
      requireOrigin(id, flags)
      await hinted(
        'RESTORE_TARGET_EXISTS',
        'Give another path with --output, or --overwrite to replace the file.',
        () =>
          deps.withSession(flags, async session => {
            const from = await originOf(deps, session, id, flags)
            const exported = await perform(session, from, flags, target)
            if (exported.content !== null) {
              await print(deps.output, exported.content)
              return
            }
            const { viewExported } = await import('../views/exported.ts')
            show(deps, flags, viewExported(exported))
          })
      )
    })
}

/** null: standard output. */
function targetFor (cwd: string, { output = '-', overwrite, json }: Flags): ExportTarget | null {
  if (output !== '-') return { file: resolve(cwd, output), overwrite: overwrite === true }
  if (json === true) {
    throw new BackupError('VALIDATION_FAILED', 'the rows and "--json" both write to standard output', {
      hint: 'Omit --json, or give a file with --output.'
    })
  }
  if (overwrite !== true) return null
  throw new BackupError('VALIDATION_FAILED', '"--overwrite" is only valid with a file', {
    hint: 'Give a file with --output, or omit --overwrite.'
  })
}

/** Throws `VALIDATION_FAILED` unless the flags name exactly one place from which the rows are read. */
function requireOrigin (id: number | undefined, { latest, live, source, member }: Flags): void {
  const given = [
    ...id === undefined ? [] : ['an id'],
    ...latest === true ? ['--latest'] : [],
    ...live === true ? ['--live'] : []
  ]
  if (given.length !== 1) {
    throw new BackupError(
      'VALIDATION_FAILED',
      given.length === 0
        ? 'neither a backup nor the live database was given'
        : `${given.join(' and ')} exclude each other`,
      { hint: 'Give the id of a backup, as shown by "list", or --latest, or --live.' }
    )
  }
  if (source !== undefined && id !== undefined) {
    throw new BackupError('VALIDATION_FAILED', '"--source" is only valid with --latest or --live', {
      hint: 'Omit --source: the id already identifies the source.'
    })
  }
  if (member !== undefined && live === true) {
    throw new BackupError('VALIDATION_FAILED', '"--member" is only valid for a backup', {
      hint: `Give the member as the source: "--live --source ${member}".`
    })
  }
}

async function originOf (
  { clock, output }: DownloadDeps,
  session: Session,
  id: number | undefined,
  { live, source, member }: Flags
): Promise<ExportFrom> {
  if (live === true) return { source: source ?? defaultOf(session) }
  if (id !== undefined) return { id, member }
  const { backup, warning } = await newestValid({ ...session, clock }, source === undefined ? {} : { source })
  if (warning !== null) output.err.write(`holdfast: ${warning}\n`)
  return { id: backup.id, member }
}

async function perform (
  { engine, run, audited }: Session,
  from: ExportFrom,
  { table, where, format }: Flags,
  target: ExportTarget | null
): Promise<Exported> {
  const about = 'id' in from ? targetOf([from.id]) : `source ${from.source}`
  return await audited(
    { action: 'export', target: about },
    () => run(() => engine.exportRows(from, { table, where, format }, target))
  )
}

/** Bytes for a program; on a terminal, characters, of which those that control it are shown. */
async function print ({ out }: Output, content: Readable): Promise<void> {
  if (out.isTTY === true) content.setEncoding('utf8')
  for await (const data of content as AsyncIterable<string | Uint8Array>) (out.writeData ?? out.write).call(out, data)
}
