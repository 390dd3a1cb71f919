import { Command, Option } from 'commander'
import { BACKUP_TYPES, type BackupType } from '../../core/backup/backup.ts'
import { BackupError, ERRORS, toBackupError } from '../../core/errors.ts'
import type { ImportPlan } from '../../engine/backup/import-plan.ts'
import type { Retained } from '../../core/retention/retention.ts'
import { jsonOption, parseDescription, parseWait, pastTimeOption, sourceOption } from '../arguments.ts'
import { requireSealing } from '../guards.ts'
import type { Candidate } from '../import-paths.ts'
import { exitCodesHelp } from '../output.ts'
import type { Session } from '../session.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'
import type { FileOutcome } from '../views/imported.ts'

export interface ImportDeps extends Shell {
  readonly cwd: string
}

interface Flags extends JsonFlag {
  readonly source: string
  readonly at?: Date
  readonly timeZone?: string
  readonly type: BackupType
  readonly description?: string
  readonly pin?: true
  readonly remove?: true
  readonly dryRun?: true
  /** Milliseconds. */
  readonly wait: number
}

/** Default of `--wait`. */
const WAIT = 60_000

export function importCommand (deps: ImportDeps): Command {
  return new Command('import')
    .description('Make verified backups of a source from files that other programs made. The files are not changed.')
    .argument('<paths...>', 'files, directories or patterns; of a directory, the files in it')
    .addOption(sourceOption('the source to which the backups belong (required)').makeOptionMandatory())
    .addOption(
      pastTimeOption(
        '--at <time>',
        'the time of the data, if there is one file; default: the time in its name, or else its last change',
        deps.screen
      )
    )
    .option('--time-zone <name>', 'the zone of times in file names, such as Europe/Vienna; default: your time zone')
    .addOption(new Option('--type <type>', 'type of the backups').choices(BACKUP_TYPES).default('manual'))
    .option('--description <text>', 'description of the backups', parseDescription)
    .option('--pin', 'protect the backups from removal by rules')
    .option('--remove', 'remove each file after its backup was verified')
    .option('--dry-run', 'only show which files would be imported, and for which times; reads no content')
    .addOption(
      new Option('--wait <time>', 'maximum wait for another job on this source, such as 30s; 0s: do not wait')
        .argParser(parseWait).default(WAIT, '1m')
    )
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 3, 4, 5, 6, 7, 130]))
    .action((paths: readonly string[], flags: Flags) => importFiles(deps, paths, flags))
}

async function importFiles (deps: ImportDeps, paths: readonly string[], flags: Flags): Promise<void> {
  const { candidatesOf } = await import('../import-paths.ts')
  const candidates = await candidatesOf(paths, deps.cwd)
  const timeZone = flags.timeZone ?? deps.screen().timeZone
  const { outcomes, removals } = await deps.withSession(flags, async session => {
    const { engine, audited } = session
    await engine.source(flags.source)
    const { plans, others } = await planned(session, candidates, flags, timeZone)
    if (flags.dryRun === true) {
      return { outcomes: [...plans.map(plan => ({ outcome: 'planned' as const, plan })), ...others], removals: [] }
    }
    await requireSealing(session, flags.source)
    return await audited({ action: 'import', target: `source ${flags.source}` }, async () => {
      const done = await imported(session, plans, flags, timeZone)
      const isChange = done.some(({ outcome }) => outcome === 'imported')
      return { outcomes: [...done, ...others], removals: isChange ? await removalsOf(session, flags.source) : [] }
    })
  }, { isFirst: true })
  const { viewImported } = await import('../views/imported.ts')
  show(deps, flags, viewImported(flags.source, outcomes, removals, { isDryRun: flags.dryRun === true }))
  deps.exit(outcomes.some(({ outcome }) => outcome === 'failed') ? 3 : 0)
}

interface Planned {
  /** Oldest first: each backup is compared with those before it. */
  readonly plans: readonly ImportPlan[]
  readonly others: readonly FileOutcome[]
}

async function planned (
  { engine }: Session,
  candidates: readonly Candidate[],
  { source, at }: Flags,
  timeZone: string
): Promise<Planned> {
  const plans: ImportPlan[] = []
  const others: FileOutcome[] = []
  for (const { path, isGiven } of candidates) {
    try {
      plans.push(await engine.planImport({ source, path, at, timeZone }))
    } catch (thrown) {
      const error = toBackupError(thrown)
      if (candidates.length === 1) throw thrown
      const isSkipped = !isGiven && error.code === 'IMPORT_UNSUPPORTED'
      others.push({ outcome: isSkipped ? 'skipped' : 'failed', path, error })
    }
  }
  if (at !== undefined && plans.length > 1) {
    throw new BackupError('VALIDATION_FAILED', `"--at" is the time of one file, and there are ${plans.length}`, {
      hint: 'Import each file with its own --at, or leave --at out.'
    })
  }
  if (plans.length === 0 && others.every(({ outcome }) => outcome === 'skipped')) throw nothingFits(source, others)
  return { plans: plans.toSorted((a, b) => a.at.getTime() - b.at.getTime()), others }
}

function nothingFits (source: string, [first]: readonly FileOutcome[]): BackupError {
  const hint = first !== undefined && 'error' in first ? first.error.hint : undefined
  return new BackupError('IMPORT_UNSUPPORTED', `none of the files can be imported as a backup of "${source}"`, {
    ...hint !== undefined && { hint }
  })
}

/** One after the other. A file that fails does not keep the next from its turn, but an interruption ends it all. */
async function imported (
  { engine, run }: Session,
  plans: readonly ImportPlan[],
  flags: Flags,
  timeZone: string
): Promise<readonly FileOutcome[]> {
  const outcomes: FileOutcome[] = []
  for (const { path } of plans) {
    const { source, at, type, description, pin, remove, wait } = flags
    const request = {
      source,
      path,
      at,
      timeZone,
      type,
      description,
      pin: pin === true,
      remove: remove === true
    }
    try {
      outcomes.push(await run(() => engine.importFile(request), { wait }))
    } catch (thrown) {
      const error = toBackupError(thrown)
      if (plans.length === 1 || error.code === 'CANCELLED' || ERRORS[error.code].exit === 1) throw thrown
      outcomes.push({ outcome: 'failed', path, error })
    }
  }
  return outcomes
}

/** The backups that the rotation after the next backup, or the next scheduled prune, removes. */
async function removalsOf ({ engine, run }: Session, source: string): Promise<readonly Retained[]> {
  const { decisions } = await run(() => engine.prune({ source, dryRun: true, isScheduled: true }), { quiet: true })
  return decisions.filter(({ keep }) => !keep)
}
