import { Command } from 'commander'
import type { Backup } from '../../core/backup/backup.ts'
import { isSuspect } from '../../core/backup/suspicion.ts'
import { BackupError } from '../../core/errors.ts'
import type { Engine } from '../../engine/engine.ts'
import { idsArgument, jsonOption, sourceOption } from '../arguments.ts'
import { contentOf } from '../content.ts'
import { each, targetOf, type EachOutcome } from '../each.ts'
import { exitCodesHelp } from '../output.ts'
import type { Session } from '../session.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

/** Backups that are read at once when the suspects are looked for. */
const PAGE = 100

interface Flags extends JsonFlag {
  readonly yes?: true
  readonly allSuspect?: true
  readonly source?: string
}

export function releaseCommand (shell: Shell): Command {
  return new Command('release')
    .description(
      'Declare suspect backups good, so that older good backups may be removed again. On a terminal, show the reasons for the suspicion and ask for confirmation first.'
    )
    .addArgument(idsArgument('[ids...]'))
    .option('--all-suspect', 'every suspect backup that is not released')
    .addOption(sourceOption('with --all-suspect: only backups of this source'))
    .option('-y, --yes', 'do not ask for confirmation')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 3, 4, 5, 6, 7]))
    .action(async (ids: readonly number[], flags: Flags) => {
      requireOneWay(ids, flags)
      await shell.withSession(flags, async session => {
        const backups = flags.allSuspect === true
          ? await suspects(session.engine, flags.source)
          : await Promise.all(ids.map(id => session.engine.backup(id)))
        if (!await agreed(shell, session, backups, flags)) return
        const outcome = await release(session, backups.map(({ id }) => id))
        await tell(shell, flags, outcome)
        shell.exit(outcome.failures.length > 0 ? 3 : 0)
      })
    })
}

function requireOneWay (ids: readonly number[], { allSuspect, source }: Flags): void {
  const hint = 'Give ids of backups, or --all-suspect (optionally with --source).'
  if ((ids.length > 0) === (allSuspect === true)) {
    throw new BackupError(
      'VALIDATION_FAILED',
      ids.length > 0 ? 'ids and "--all-suspect" exclude each other' : 'no backup to release was given',
      { hint }
    )
  }
  if (source !== undefined && allSuspect !== true) {
    throw new BackupError('VALIDATION_FAILED', '"--source" is only valid with "--all-suspect"', { hint })
  }
}

/** Oldest first, and this installation's own. */
async function suspects (
  engine: Pick<Engine, 'backups' | 'source'>,
  source: string | undefined
): Promise<readonly Backup[]> {
  if (source !== undefined) await engine.source(source)
  const found: Backup[] = []
  let before: number | undefined
  do {
    const { backups, next } = await engine.backups({ source, status: 'completed', limit: PAGE, before })
    found.push(
      ...backups.filter(backup =>
        isSuspect(backup) && backup.foreignInstance === null && backup.trashedAt === null && backup.deletedAt === null
      )
    )
    before = next ?? undefined
  } while (before !== undefined)
  return found.toReversed()
}

async function release ({ engine, audited, actor }: Session, ids: readonly number[]): Promise<EachOutcome<Backup>> {
  if (ids.length === 0) return { done: [], failures: [] }
  return await audited(
    { action: 'backup release', target: targetOf(ids) },
    () => each(ids, id => engine.release(id, actor))
  )
}

async function tell (shell: Shell, flags: Flags, outcome: EachOutcome<Backup>): Promise<void> {
  const [backup, ...others] = outcome.done
  if (flags.allSuspect !== true && backup !== undefined && others.length + outcome.failures.length === 0) {
    const { viewDone } = await import('../views/backup.ts')
    show(shell, flags, viewDone(backup, `Released backup ${backup.id}: it is no longer suspect`))
    return
  }
  const { viewReleased } = await import('../views/released.ts')
  show(shell, flags, viewReleased(outcome))
}

/** On a terminal the user sees each backup and confirms. Without one, the command itself is the answer. */
async function agreed (
  { ask, output, screen }: Shell,
  { engine, kinds }: Pick<Session, 'engine' | 'kinds'>,
  backups: readonly Backup[],
  flags: Flags
): Promise<boolean> {
  const odd = backups.filter(isSuspect)
  if (ask === undefined || flags.yes === true || flags.json === true || odd.length === 0) return true
  const { describeBackup } = await import('../views/backup.ts')
  for (const backup of odd) {
    output.out.write(`${describeBackup(backup, screen(), contentOf(await engine.manifest(backup.id), kinds))}\n`)
  }
  const [oldest] = odd.toSorted((a, b) => a.startedAt.getTime() - b.startedAt.getTime())
  if (
    await ask(
      odd.length === 1
        ? 'Release it, so that backups from before it may be removed?'
        : `Release all ${odd.length} of them, so that backups from before backup ${oldest?.id ?? ''} may be removed?`
    )
  ) {
    return true
  }
  output.out.write('nothing was released\n')
  return false
}
