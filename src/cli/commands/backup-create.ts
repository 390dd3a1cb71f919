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
    .description('Back up a database now, even while it is in use, and verify the backup.')
    .argument('[source]', 'source to back up; default: the default source')
    .addOption(sourceOption('same as the argument'))
    .addOption(
      new Option(
        '--type <method>',
        '"incremental": only changes since the last backup, for kinds of source that support it; "wal": same as "full"'
      ).choices(['full', 'wal', 'incremental']).default('full')
    )
    .option('--description <text>', 'purpose of the backup', parseDescription)
    .addOption(
      new Option('--compression <codec>', 'compression to use instead of the configured one').choices([
        'none',
        'gzip',
        'zstd'
      ])
    )
    .option('--no-verify', 'skip the verification: faster, not recommended')
    .addOption(new Option('--continuous').hideHelp())
    .option('--upload', 'wait until the copies in the other stores are complete')
    .option('--upload-s3', 'same as --upload')
    .option('--pre-migration', 'mark it as made before a migration')
    .addOption(
      new Option('--wait <time>', 'maximum wait for another job on this source, such as 30s; 0s: do not wait')
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
    throw new BackupError('METHOD_UNSUPPORTED', 'continuous archiving of the log is not supported', {
      hint: 'Omit --continuous, and configure a short interval or an hourly schedule for the source.'
    })
  }
  const created = await shell.withSession(flags, async session => {
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
  const { viewCreated } = await import('../views/created.ts')
  show(shell, flags, viewCreated(created, type === 'incremental' ? type : 'full'))
}

function oneSource (argument: string | undefined, flag: string | undefined): string | undefined {
  if (argument === undefined || flag === undefined || argument === flag) return argument ?? flag
  throw new BackupError('VALIDATION_FAILED', `two sources were given: "${argument}" and "${flag}"`, {
    hint: 'Give one source, and run the command once for each source.'
  })
}
