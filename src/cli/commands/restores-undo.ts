import { Command } from 'commander'
import { jsonOption, restoreArgument } from '../arguments.ts'
import { confirmed, type ConfirmFlags } from '../confirmed.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

type Flags = JsonFlag & ConfirmFlags

export function restoresUndoCommand (shell: Shell): Command {
  return new Command('undo')
    .description(
      'Undo the restore of a directory or of a PostgreSQL database: put the previous content back, which was kept, and remove the restored one. On a terminal, ask for confirmation.'
    )
    .addArgument(restoreArgument())
    .option('--confirm', 'do not ask for confirmation')
    .option('-y, --yes', 'same as --confirm')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 5, 6, 7, 130]))
    .action(async (id: number, flags: Flags) => {
      const restore = await shell.withSession(flags, async ({ engine, run, audited }) => {
        const found = await engine.restoreById(id)
        const { undoWarning } = await import('../views/restore.ts')
        if (
          !await confirmed(shell, flags, { text: undoWarning(found, shell.screen()), question: 'Undo the restore?' })
        ) return undefined
        return await audited(
          { action: 'restore undo', target: `restore ${id}` },
          () => run(() => engine.undoRestore(id))
        )
      })
      if (restore === undefined) return
      const { viewUndone } = await import('../views/restore.ts')
      show(shell, flags, viewUndone(restore))
    })
}
