import { Command } from 'commander'
import type { Backup } from '../../core/backup.ts'
import { isSuspect } from '../../core/suspicion.ts'
import { idArgument, jsonOption } from '../arguments.ts'
import { targetOf } from '../each.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

interface Flags extends JsonFlag {
  readonly yes?: true
}

export function releaseCommand (shell: Shell): Command {
  return new Command('release')
    .description('Declare a suspect backup good: it counts like any other, and what was good before it may be removed again. On a terminal it shows what is odd about it, and asks first.')
    .addArgument(idArgument())
    .option('-y, --yes', 'without asking')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 5, 6, 7]))
    .action(async (id: number, flags: Flags) => {
      await shell.withSession(flags, async ({ engine, audited, actor }) => {
        if (!await agreed(shell, await engine.backup(id), flags)) return
        const backup = await audited({ action: 'backup release', target: targetOf([id]) }, () => engine.release(id, actor))
        const { viewDone } = await import('../views/backup.ts')
        show(shell, flags, viewDone(backup, `Released backup ${id}: it counts like any other from now on`))
      })
    })
}

/** Whoever sits there sees what they vouch for. Where nobody does, the command itself is the answer. */
async function agreed ({ ask, output, screen }: Shell, backup: Backup, flags: Flags): Promise<boolean> {
  if (ask === undefined || flags.yes === true || flags.json === true || !isSuspect(backup)) return true
  const { describeBackup } = await import('../views/backup.ts')
  output.out.write(`${describeBackup(backup, screen())}\n`)
  if (await ask('Was that meant to be, so that backups from before it may be removed?')) return true
  output.out.write('nothing was released\n')
  return false
}
