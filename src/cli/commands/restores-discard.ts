import { Command } from 'commander'
import { jsonOption, restoreArgument } from '../arguments.ts'
import { confirmed, type ConfirmFlags } from '../confirmed.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

type Flags = JsonFlag & ConfirmFlags

export function restoresDiscardCommand (shell: Shell): Command {
  return new Command('discard')
    .description(
      'Remove the previous content that a restore kept, so that the restore cannot be undone. On a terminal, ask for confirmation.'
    )
    .addArgument(restoreArgument())
    .option('--confirm', 'do not ask for confirmation')
    .option('-y, --yes', 'same as --confirm')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 5, 6, 7, 130]))
    .action(async (id: number, flags: Flags) => {
      const restore = await shell.withSession(flags, async ({ engine, run, audited }) => {
        const found = await engine.restoreById(id)
        const { discardWarning } = await import('../views/restore.ts')
        if (!await confirmed(shell, flags, { text: discardWarning(found, shell.screen()), question: 'Remove it?' })) {
          return undefined
        }
        return await audited(
          { action: 'restore discard', target: `restore ${id}` },
          () => run(() => engine.discardPrevious(id))
        )
      })
      if (restore === undefined) return
      const { viewDiscarded } = await import('../views/restore.ts')
      show(shell, flags, viewDiscarded(restore))
    })
}
