import { stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { Command, Option } from 'commander'
import type { Backup } from '../../core/backup/backup.ts'
import { BackupError, ERRORS, toBackupError } from '../../core/errors.ts'
import { modesOf } from '../../core/restore/modes.ts'
import type { Restore, RestoreMode } from '../../core/restore/restore.ts'
import type { Engine } from '../../engine/engine.ts'
import type { RestoreRequest } from '../../engine/restore/restore-plan.ts'
import { followedPath } from '../../files/followed-path.ts'
import {
  idArgument,
  jsonOption,
  parseWait,
  pastTimeOption,
  repeatable,
  sourceOption,
  wholeNumber
} from '../arguments.ts'
import { newestValid, requireChoice, type Choice } from '../chosen-backup.ts'
import { targetOf } from '../each.ts'
import { requireSealing } from '../guards.ts'
import { hinted } from '../hinted.ts'
import { keepFile, type KeptFile } from '../kept-file.ts'
import { exitCodesHelp } from '../output.ts'
import type { Session } from '../session.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'
import type { Standing } from '../views/restore.ts'

/** What is thawed can be read for so long, where nothing else is said. Days. */
const THAWED_FOR = 3
const MOST_DAYS = 365
const URL_START = /^[a-z][a-z0-9+]*:\/\//i

interface Flags extends JsonFlag, Choice {
  readonly output?: string
  readonly target?: string
  /** Days; true: as long as usual. */
  readonly thaw?: number | true
  readonly mode?: RestoreMode
  readonly path?: readonly string[]
  readonly member?: readonly string[]
  readonly set?: string
  readonly overwrite?: true
  /** Commander's word for "--no-owners was not given". */
  readonly owners: boolean
  readonly table?: readonly string[]
  readonly schema?: readonly string[]
  /** Commander's word for "--no-verify was not given". */
  readonly verify: boolean
  /** Milliseconds. */
  readonly timeout?: number
  readonly dryRun?: true
  readonly confirm?: true
  readonly yes?: true
}

export interface RestoreDeps extends Shell {
  /** Where a relative path begins. */
  readonly cwd: string
}

export function restoreCommand (deps: RestoreDeps): Command {
  return new Command('restore')
    .description(
      'Restore a backup to the live database, which is backed up first, or to another path. On a terminal, show what would be replaced and ask for confirmation.'
    )
    .addArgument(idArgument().argOptional())
    .option('--latest', 'the newest valid backup of the source, instead of an id')
    .addOption(pastTimeOption('--at <time>', 'the newest valid backup from this time or earlier', deps.screen))
    .addOption(sourceOption('with --latest or --at: the source; default: the default source'))
    .option('--set <name>', 'with --latest or --at: the set; same as --source')
    .addOption(
      new Option('--member <name>', 'of a backup of a set: only this member; repeatable; default: all members')
        .argParser(repeatable(String))
    )
    .option(
      '--output <path>',
      'restore to this path instead of the live database, or for PostgreSQL to this new database: its name or its URL; same as --target'
    )
    .addOption(new Option('--target <path>', 'same as --output').hideHelp())
    .addOption(
      new Option(
        '--thaw [days]',
        `only request that a backup in cold storage becomes readable for this many days (default: ${THAWED_FOR}), and print how long that takes`
      ).argParser(wholeNumber(1, MOST_DAYS))
    )
    .addOption(
      new Option(
        '--mode <mode>',
        'how to restore to the source: a mode of its kind, such as live (while applications use it) or replace (while no process has it open); default: the first mode that can be used'
      )
    )
    .addOption(
      new Option(
        '--path <pattern>',
        'with --output, for a backup of a directory: only matching files, such as "payloads/2025/**"; repeatable'
      ).argParser(repeatable(String))
    )
    .addOption(
      new Option(
        '--table <name>',
        'with --output, for PostgreSQL: only the data of this table, such as public.orders; repeatable'
      ).argParser(collected)
    )
    .addOption(
      new Option('--schema <name>', 'the same for all tables of this schema; repeatable').argParser(collected)
    )
    .option('--overwrite', 'with --output: replace an existing file, which is kept under another name')
    .option(
      '--no-owners',
      'for PostgreSQL: without the owners and privileges of the objects, for a server that does not have these roles'
    )
    .option('--no-verify', 'skip the verification before the restore, except for the checksum')
    .addOption(
      new Option('--timeout <time>', 'maximum wait for locks of other processes: 15s, 2m (default: 15s)')
        .argParser(parseWait)
    )
    .option(
      '--dry-run',
      'only show what would change: rows, required space, processes that have the database open, expected duration'
    )
    .option('--confirm', 'do not ask for confirmation')
    .option('-y, --yes', 'same as --confirm')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 5, 6, 7, 130]))
    .action((id: number | undefined, flags: Flags) => restore(deps, id, withSet(flags)))
}

function collected (text: string, before: readonly string[] | undefined): readonly string[] {
  return [...before ?? [], text]
}

/** `--set` names the source, too. Throws `VALIDATION_FAILED` where both are given. */
function withSet (flags: Flags): Flags {
  if (flags.set === undefined) return flags
  if (flags.source === undefined) return { ...flags, source: flags.set }
  throw new BackupError('VALIDATION_FAILED', '"--set" and "--source" exclude each other', { hint: 'Leave one out.' })
}

async function restore (deps: RestoreDeps, id: number | undefined, flags: Flags): Promise<void> {
  requireChoice(id, flags)
  const given = flags.output ?? flags.target
  if (flags.path !== undefined && given === undefined) {
    throw new BackupError('VALIDATION_FAILED', '"--path" selects files, and "--output" is missing', {
      hint: 'Give a new directory for them with --output; copy them from there into the source.'
    })
  }
  if (flags.thaw !== undefined) {
    await thaw(deps, id, flags)
    return
  }
  if (flags.dryRun === true) {
    await dryRun(deps, id, flags)
    return
  }
  const done = await deps.withSession(flags, async session => {
    const backup = await chosenBackup(deps, session, id, flags)
    if (given === undefined && flags.member === undefined) await requireConfigured(session.engine, backup)
    const target = given === undefined ? undefined : targetPath(deps, session, backup, given, flags)
    if (target === undefined) {
      requireMode(session, backup, flags)
      await requireSealing(session, backup.source)
    }
    if (!await agreed(deps, session.engine, backup, target, flags)) return undefined
    return { backup, ...await replace(session, backup, target, flags) }
  })
  if (done === undefined) return
  const { viewRestored } = await import('../views/restore.ts')
  show(deps, flags, viewRestored(done.restored, done.backup, done.kept))
}

/**
 * The target as the engine gets it: a path from the working directory; a URL, and what the kind of the backup accepts,
 * as they are. Throws `VALIDATION_FAILED` for `--overwrite` together with the latter.
 */
function targetPath (
  { cwd }: RestoreDeps,
  { kinds }: Session,
  backup: Backup,
  given: string,
  flags: Flags
): string {
  const { targets } = kinds.get(backup.kind ?? '') ?? {}
  if (targets === undefined && !URL_START.test(given)) return resolve(cwd, given)
  if (flags.overwrite !== true) return given
  throw new BackupError('VALIDATION_FAILED', '"--overwrite" is not valid for a restore to a database', {
    hint: 'Give the name of a new database, or omit --output to restore the source.'
  })
}

/**
 * The backup with the id, otherwise the one that --latest or --at chooses. What these pass over is named on standard
 * error.
 */
async function chosenBackup (
  { clock, output }: RestoreDeps,
  session: Session,
  id: number | undefined,
  flags: Flags
): Promise<Backup> {
  if (id !== undefined) return await session.engine.backup(id)
  const mayBeForeign = flags.source !== undefined && (flags.output ?? flags.target) !== undefined
  const { backup, warning } = await newestValid({ ...session, clock }, { ...flags, mayBeForeign })
  if (warning !== null) output.err.write(`holdfast: ${warning}\n`)
  return backup
}

/**
 * Without --output a restore goes to a source of this configuration and nowhere else: a manifest comes from a place
 * that others may write to. Throws `SOURCE_NOT_FOUND`, whose hint shows the path in the manifest as a suggestion.
 */
async function requireConfigured (engine: Pick<Engine, 'origin' | 'source'>, backup: Backup): Promise<void> {
  try {
    await engine.source(backup.source)
  } catch (thrown) {
    if (toBackupError(thrown).code !== 'SOURCE_NOT_FOUND') throw thrown
    throw new BackupError(
      'SOURCE_NOT_FOUND',
      `the source "${backup.source}" is not configured, so the restore needs a target path`,
      {
        hint: `Give a path with --output. The unverified path in the manifest is "${await engine.origin(
          backup.id
        )}".`,
        cause: thrown
      }
    )
  }
}

/** Throws `VALIDATION_FAILED` for a mode that the kind of the backup does not have, before the user is asked. */
function requireMode ({ kinds }: Session, { kind }: Backup, { mode }: Flags): void {
  const known = kind === null ? undefined : kinds.get(kind)
  if (known !== undefined) modesOf(known, mode)
}

/** Ends with 0, or with the exit code of what the restore would fail with. */
async function dryRun (deps: RestoreDeps, id: number | undefined, flags: Flags): Promise<void> {
  const given = flags.output ?? flags.target
  const found = await deps.withSession(flags, async session => {
    const { engine, run, audited } = session
    const backup = await chosenBackup(deps, session, id, flags)
    if (given === undefined && flags.member === undefined) await requireConfigured(engine, backup)
    const target = given === undefined ? undefined : targetPath(deps, session, backup, given, flags)
    const { mode, overwrite } = flags
    const parts = selection(flags)
    return await audited(
      { action: 'restore dry-run', target: targetOf([backup.id]) },
      () => run(() => engine.restoreDryRun(backup.id, { target, mode, overwrite, ...parts }))
    )
  })
  const { viewDryRun } = await import('../views/dry-run.ts')
  show(deps, flags, viewDryRun(found))
  if (found.obstacle !== null) deps.exit(ERRORS[found.obstacle.code].exit)
}

/** What of the backup is restored. */
function selection ({ path: paths, member: members, table: tables, schema: schemas, owners }: Flags): Pick<
  RestoreRequest,
  'paths' | 'members' | 'tables' | 'schemas' | 'owners'
> {
  return { paths, members, ...tables && { tables }, ...schemas && { schemas }, ...!owners && { owners } }
}

async function thaw (deps: RestoreDeps, id: number | undefined, flags: Flags): Promise<void> {
  const days = typeof flags.thaw === 'number' ? flags.thaw : THAWED_FOR
  const thawing = await deps.withSession(flags, async session => {
    const backup = await chosenBackup(deps, session, id, flags)
    return await session.audited(
      { action: 'backup thaw', target: targetOf([backup.id]) },
      () => session.engine.thaw(backup.id, days)
    )
  })
  const { viewThawing } = await import('../views/thawing.ts')
  show(deps, flags, viewThawing(thawing))
}

/**
 * Whether it may be done: it was said where to, and nothing gives way; it was said; or whoever sits there says so now.
 */
async function agreed (
  { ask, output, screen }: RestoreDeps,
  engine: Pick<Engine, 'backups' | 'source'>,
  backup: Backup,
  target: string | undefined,
  flags: Flags
): Promise<boolean> {
  const isAsked = target === undefined || flags.overwrite === true
  if (!isAsked || flags.confirm === true || flags.yes === true) return true
  if (ask === undefined || flags.json === true) {
    throw new BackupError(
      'VALIDATION_FAILED',
      'a restore replaces existing data and needs confirmation, and there is no terminal to ask for it',
      {
        hint: 'Re-run with --confirm.'
      }
    )
  }
  const { warning } = await import('../views/restore.ts')
  const place = await placeOf(engine, backup, target)
  const { backups: [newest] } = await engine.backups({
    source: backup.source,
    status: 'completed',
    byTime: true,
    limit: 1
  })
  output.out.write(
    `${warning(backup, { standing: await standingAt(place), newest, inPlace: target === undefined }, screen())}\n`
  )
  if (await ask('Continue with restore?')) return true
  output.out.write('nothing was restored\n')
  return false
}

/**
 * Where the restore goes, and the path that leads there where it is another. Throws what the restore would for a link
 * that is not followed.
 */
async function placeOf (
  engine: Pick<Engine, 'source'>,
  backup: Backup,
  target: string | undefined
): Promise<Pick<Standing, 'path' | 'given'>> {
  const given = target ?? (await engine.source(backup.source)).location
  // The location of a set is the names of its members.
  if (!isAbsolute(given)) return { path: given, given: null }
  const path = target === undefined
    ? followedPath(given)
    : join(followedPath(dirname(given), 'RESTORE_TARGET_INVALID'), basename(given))
  return { path, given: path === given ? null : given }
}

async function standingAt (place: Pick<Standing, 'path' | 'given'>): Promise<Standing> {
  try {
    const { size, mtime } = await stat(place.path)
    return { ...place, size, modified: mtime }
  } catch {
    // Only for people to look at: what it really is the restore finds out.
    return { ...place, size: null, modified: null }
  }
}

/**
 * Restores, and keeps what gives way to `--overwrite` beside its place: a file that is no source has no backup that
 * could bring it back.
 */
async function replace (
  session: Session,
  backup: Backup,
  target: string | undefined,
  flags: Flags
): Promise<{ readonly restored: Restore, readonly kept: KeptFile | undefined }> {
  const kept = target !== undefined && flags.overwrite === true ? keepFile(target) : undefined
  try {
    return {
      restored: await hinted(
        'RESTORE_TARGET_EXISTS',
        'Give another path with --output, or add --overwrite, which keeps the existing file under another name.',
        () => place(session, backup, target, flags)
      ),
      kept
    }
  } catch (thrown) {
    kept?.discard()
    throw thrown
  }
}

async function place (
  { engine, run, audited, actor }: Session,
  { id }: Backup,
  target: string | undefined,
  flags: Flags
): Promise<Restore> {
  const { mode, overwrite, verify, timeout } = flags
  const parts = selection(flags)
  try {
    return await audited(
      { action: 'restore', target: targetOf([id]) },
      () => run(() => engine.restore(id, { target, mode, overwrite, verify, timeout, ...parts, actor }))
    )
  } catch (thrown) {
    const { code, message, hint, details } = toBackupError(thrown)
    const safety = details?.safetyBackupId
    if (safety === undefined) throw thrown
    const rest = `The previous state is in backup ${safety}.`
    throw new BackupError(code, message, {
      hint: hint === undefined ? rest : `${hint} ${rest}`,
      cause: thrown,
      ...details !== undefined && { details }
    })
  }
}
