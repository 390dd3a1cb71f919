import { Command } from 'commander'
import { jsonOption } from '../arguments.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

export function keyConfirmCommand (shell: Shell): Command {
  return new Command('confirm')
    .description('Confirm that the recovery card of a key is stored in a place that outlives this machine.')
    .argument('<id>', 'the complete id of the key, as shown by "key list"')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 6, 7]))
    .action(async (id: string, flags: JsonFlag) => {
      const key = await shell.withSession(
        flags,
        ({ engine, audited, actor }) =>
          audited({ action: 'key confirm', target: `key ${id}` }, () => engine.confirmKey(id, actor))
      )
      const { viewConfirmed } = await import('../views/key.ts')
      show(shell, flags, viewConfirmed(key))
    })
}
