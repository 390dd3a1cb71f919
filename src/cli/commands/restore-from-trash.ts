import { Command } from 'commander'
import { idsArgument, jsonOption } from '../arguments.ts'
import { each, targetOf } from '../each.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

export function restoreFromTrashCommand (shell: Shell): Command {
  return new Command('restore-from-trash')
    .description('Restore backups from the trash.')
    .addArgument(idsArgument('<ids...>'))
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 3, 4, 5, 6, 7, 130]))
    .action(async (ids: readonly number[], flags: JsonFlag) => {
      const outcome = await shell.withSession(
        flags,
        ({ engine, run, audited }) =>
          audited(
            { action: 'backup undelete', target: targetOf(ids) },
            () => each(ids, id => run(() => engine.undelete(id)))
          )
      )
      const { viewUndeleted } = await import('../views/trash.ts')
      show(shell, flags, viewUndeleted(outcome))
      shell.exit(outcome.failures.length > 0 ? 3 : 0)
    })
}
