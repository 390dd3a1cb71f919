import { Command } from 'commander'
import { idArgument, jsonOption } from '../arguments.ts'
import { targetOf } from '../each.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'
import { inSpan } from '../../core/duration.ts'

interface Flags extends JsonFlag {
  readonly force?: true
}

export function removeCommand (shell: Shell): Command {
  return new Command('remove')
    .description('Move a backup to the trash. It is deleted permanently after the grace period.')
    .addArgument(idArgument())
    .option('--force', 'remove it even if it is the last valid backup of its source')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 5, 6, 7, 130]))
    .action(async (id: number, flags: Flags) => {
      const [backup, grace] = await shell.withSession(flags, async ({ engine, run, audited, trashGrace }) =>
        [
          await audited({ action: 'backup remove', target: targetOf([id]) }, () =>
            run(() => engine.remove(id, { force: flags.force === true }))),
          trashGrace
        ] as const)
      const { viewDone } = await import('../views/backup.ts')
      show(
        shell,
        flags,
        viewDone(
          backup,
          `Moved backup ${id} of ${backup.source} to the trash; within ${
            inSpan(grace)
          } "holdfast restore-from-trash ${id}" restores it from there`
        )
      )
    })
}
