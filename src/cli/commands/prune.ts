import { Command } from 'commander'
import type { Pruned } from '../../engine/retention/prune.ts'
import { jsonOption, sourceOption } from '../arguments.ts'
import { exitCodesHelp } from '../output.ts'
import type { Session } from '../session.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

interface Flags extends JsonFlag {
  readonly source?: string
  readonly dryRun?: true
  readonly force?: true
  readonly yes?: true
}

export function pruneCommand (shell: Shell): Command {
  return new Command('prune')
    .description(
      'Remove the backups that no retention rule keeps. On a terminal, list them and ask for confirmation first.'
    )
    .addOption(sourceOption('only backups of this source'))
    .option('--dry-run', 'only show what would be removed, and the rule for each backup')
    .option('--force', 'do not ask for confirmation, and allow removing most backups of a source')
    .option('-y, --yes', 'do not ask for confirmation')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 5, 6, 7, 130]))
    .action(async (flags: Flags) => {
      await shell.withSession(flags, async session => {
        const dryRun = flags.dryRun === true
        const answer = dryRun ? undefined : await agreed(shell, session, flags)
        if (answer === false) return
        const { viewPruned } = await import('../views/pruned.ts')
        show(shell, flags, viewPruned(await prune(session, flags, dryRun), { isKnown: answer === true }))
      })
    })
}

async function prune ({ engine, run, audited }: Session, { source, force }: Flags, dryRun: boolean): Promise<Pruned> {
  const work = (): Promise<Pruned> =>
    run(() => engine.prune({ source, dryRun, force: force === true }), { quiet: dryRun })
  return dryRun
    ? await work()
    : await audited({ action: 'backup prune', target: source === undefined ? null : `source ${source}` }, work)
}

/**
 * Shows what would go and asks, where somebody sits there who may not have thought of it; undefined: there was nothing
 * to ask, or nobody.
 */
async function agreed ({ ask, output, screen }: Shell, session: Session, flags: Flags): Promise<boolean | undefined> {
  if (ask === undefined || flags.force === true || flags.yes === true || flags.json === true) return undefined
  const planned = await prune(session, flags, true)
  const { decisionTable, plan } = await import('../views/pruned.ts')
  if ([...planned.decisions, ...planned.copies].every(({ keep }) => keep)) return undefined
  output.out.write(`${decisionTable(planned.decisions, planned.copies, screen())}\n${plan(planned)}\n`)
  if (await ask('Remove them?')) return true
  output.out.write('nothing was removed\n')
  return false
}
