import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import type { Backup } from '../../core/backup.ts'
import { BackupError, toBackupError } from '../../core/errors.ts'
import { RESTORE_MODES, type Restore, type RestoreMode } from '../../core/restore.ts'
import type { Engine } from '../../engine/engine.ts'
import { idArgument, jsonOption, parseWait, sourceOption } from '../arguments.ts'
import { targetOf } from '../each.ts'
import { exitCodesHelp } from '../output.ts'
import type { Session } from '../session.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'
import type { Standing } from '../views/restore.ts'

/** Backups that are read at once when the newest valid one is looked for. */
const PAGE = 100

interface Flags extends JsonFlag {
  readonly latest?: true
  readonly source?: string
  readonly output?: string
  readonly mode?: RestoreMode
  readonly overwrite?: true
  /** Commander's word for "--no-verify was not given". */
  readonly verify: boolean
  /** Milliseconds. */
  readonly timeout?: number
  readonly confirm?: true
  readonly yes?: true
}

export interface RestoreDeps extends Shell {
  /** Where a relative path begins. */
  readonly cwd: string
}

export function restoreCommand (deps: RestoreDeps): Command {
  return new Command('restore')
    .description('Put a backup back: into the running database, which is backed up first, or to another path. On a terminal it shows what would be replaced, and asks.')
    .addArgument(idArgument().argOptional())
    .option('--latest', 'the newest valid backup of the source, in place of a number')
    .addOption(sourceOption('with --latest: of which; left out: the default source'))
    .option('--output <path>', 'to this file, in place of the database itself')
    .addOption(new Option('--mode <mode>', 'live: into the database while applications use it; replace: a new file, while nobody has the old one open; left out: live, or replace where there is no database').choices(RESTORE_MODES))
    .option('--overwrite', 'with --output: a file that is there may give way')
    .option('--no-verify', 'do not prove the backup first; its checksum is looked at all the same')
    .addOption(new Option('--timeout <time>', 'how long to wait for those who hold the database: 15s, 2m (default: 15s)').argParser(parseWait))
    .option('--confirm', 'without asking')
    .option('-y, --yes', 'the same')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 5, 6, 7, 130]))
    .action((id: number | undefined, flags: Flags) => restore(deps, id, flags))
}

async function restore (deps: RestoreDeps, id: number | undefined, flags: Flags): Promise<void> {
  requireOne(id, flags)
  const target = flags.output === undefined ? undefined : resolve(deps.cwd, flags.output)
  const done = await deps.withSession(flags, async session => {
    const backup = id === undefined ? await latestValid(session, flags.source) : await session.engine.backup(id)
    if (!await agreed(deps, session.engine, backup, target, flags)) return undefined
    return { backup, restored: await place(session, backup, target, flags) }
  })
  if (done === undefined) return
  const { viewRestored } = await import('../views/restore.ts')
  show(deps, flags, viewRestored(done.restored, done.backup))
}

function requireOne (id: number | undefined, { latest, source }: Flags): void {
  if ((id === undefined) !== (latest === true)) throw new BackupError('VALIDATION_FAILED', id === undefined ? 'which backup is to be restored?' : `both backup ${id} and "--latest" are to be restored`, { hint: 'Give the number of a backup, as "list" shows it, or --latest.' })
  if (source !== undefined && latest !== true) throw new BackupError('VALIDATION_FAILED', '"--source" is for --latest: the backup tells its source', { hint: 'Leave it out.' })
}

/** Those made before a migration or a restore have the state that somebody wanted to get away from. */
async function latestValid ({ engine, defaultSource }: Session, source = defaultSource): Promise<Backup> {
  await engine.source(source)
  let before: number | undefined
  do {
    const { backups, next } = await engine.backups({ source, status: 'completed', limit: PAGE, before })
    const found = backups.find(({ verification, type }) => verification.status === 'valid' && type !== 'pre-migration')
    if (found !== undefined) return found
    before = next ?? undefined
  } while (before !== undefined)
  throw new BackupError('BACKUP_NOT_FOUND', `there is no valid backup of "${source}"`, { hint: 'See what there is with "holdfast list", and name one.' })
}

/** Whether it may be done: nothing gives way, it was said, or whoever sits there says so now. */
async function agreed ({ ask, output, screen }: RestoreDeps, engine: Engine, backup: Backup, target: string | undefined, flags: Flags): Promise<boolean> {
  const givesWay = target === undefined || flags.overwrite === true
  if (!givesWay || flags.confirm === true || flags.yes === true) return true
  if (ask === undefined || flags.json === true) throw new BackupError('VALIDATION_FAILED', 'a restore replaces what stands there, and nobody can be asked', { hint: 'Say --confirm.' })
  const { warning } = await import('../views/restore.ts')
  const path = target ?? (await engine.source(backup.source)).location
  const { backups: [newest] } = await engine.backups({ source: backup.source, status: 'completed', limit: 1 })
  output.out.write(`${warning(backup, { standing: await standingAt(path), newest, inPlace: target === undefined }, screen())}\n`)
  if (await ask('Continue with restore?')) return true
  output.out.write('nothing was restored\n')
  return false
}

async function standingAt (path: string): Promise<Standing> {
  try {
    const { size, mtime } = await stat(path)
    return { path, size, modified: mtime }
  } catch {
    // Only for people to look at: what it really is the restore finds out.
    return { path, size: null, modified: null }
  }
}

async function place ({ engine, run, audited, actor }: Session, { id }: Backup, target: string | undefined, { mode, overwrite, verify, timeout }: Flags): Promise<Restore> {
  try {
    return await audited({ action: 'restore', target: targetOf([id]) }, () => run(() => engine.restore(id, { target, mode, overwrite, verify, timeout, actor })))
  } catch (thrown) {
    const { code, message, hint, details } = toBackupError(thrown)
    const safety = details?.safetyBackupId
    if (safety === undefined) throw thrown
    const rest = `What stood there before is in backup ${safety}.`
    throw new BackupError(code, message, { hint: hint === undefined ? rest : `${hint} ${rest}`, cause: thrown, ...details !== undefined && { details } })
  }
}
