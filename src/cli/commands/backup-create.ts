import { Command, Option } from 'commander'
import { BackupError } from '../../core/errors.ts'
import type { Compression } from '../../core/ports/codec.ts'
import { jsonOption, parseDescription, parseWait, sourceOption } from '../arguments.ts'
import { defaultOf, requireSealing } from '../guards.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

interface Flags extends JsonFlag {
  readonly source?: string
  readonly type: 'full' | 'wal' | 'incremental'
  readonly description?: string
  readonly compression?: Compression
  /** Commander's word for "--no-verify was not given". */
  readonly verify: boolean
  readonly preMigration?: true
  readonly upload?: true
  readonly uploadS3?: true
  readonly continuous?: true
  /** Milliseconds. */
  readonly wait: number
}

/** Default of `--wait`. */
const WAIT = 60_000

export function backupCreateCommand (shell: Shell): Command {
  return new Command('create')
    .description('Make a backup now, of a database that may be in use, and prove it.')
    .argument('[source]', 'what to back up; left out: the default source')
    .addOption(sourceOption('the same as the argument'))
    .addOption(
      new Option(
        '--type <method>',
        'incremental: only what changed since the last backup, for kinds of source that make such backups; "wal" means full'
      ).choices(['full', 'wal', 'incremental']).default('full')
    )
    .option('--description <text>', 'what it is for', parseDescription)
    .addOption(new Option('--compression <codec>', 'in place of the configured one').choices(['none', 'gzip', 'zstd']))
    .option('--no-verify', 'leave out the proof: faster, and not recommended')
    .addOption(new Option('--continuous').hideHelp())
    .option('--upload', 'wait until its copies are in the other stores, too')
    .option('--upload-s3', 'the same as --upload')
    .option('--pre-migration', 'mark it as the one from before a migration')
    .addOption(
      new Option('--wait <time>', 'how long to wait for another job on this source to end, such as 30s; 0s: not at all')
        .argParser(parseWait).default(WAIT, '1m')
    )
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 5, 6, 7, 130]))
    .action((argument: string | undefined, flags: Flags) => create(shell, argument, flags))
}

async function create (shell: Shell, argument: string | undefined, flags: Flags): Promise<void> {
  const { type, description, compression, preMigration, verify } = flags
  const upload = flags.upload ?? flags.uploadS3
  const wanted = oneSource(argument, flags.source)
  if (flags.continuous === true) {
    throw new BackupError('METHOD_UNSUPPORTED', 'log is not archived continuously', {
      hint: 'Leave --continuous out, and give the source a short interval or an hourly schedule.'
    })
  }
  const backup = await shell.withSession(flags, async session => {
    const { engine, run, audited } = session
    const source = wanted ?? defaultOf(session)
    await requireSealing(session, source)
    const request = {
      source,
      type: preMigration === true ? 'pre-migration' : 'manual',
      method: type === 'incremental' ? type : undefined,
      description,
      compression,
      verify: verify ? undefined : false,
      upload
    } as const
    return await audited(
      { action: 'backup create', target: `source ${source}` },
      () => run(() => engine.create(request), { wait: flags.wait })
    )
  }, { isFirst: true })
  const { viewCreated } = await import('../views/backup.ts')
  show(shell, flags, viewCreated(backup, type === 'incremental' ? type : 'full'))
}

function oneSource (argument: string | undefined, flag: string | undefined): string | undefined {
  if (argument === undefined || flag === undefined || argument === flag) return argument ?? flag
  throw new BackupError('VALIDATION_FAILED', `both "${argument}" and "${flag}" are to be backed up`, {
    hint: 'Give one source, and run the command once for each.'
  })
}
