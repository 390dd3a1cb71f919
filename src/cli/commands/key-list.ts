import { Command } from 'commander'
import { jsonOption } from '../arguments.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'
import { viewKeys } from '../views/key.ts'

export function keyListCommand (shell: Shell): Command {
  return new Command('list')
    .description('Show every key that is configured or that backups need: whether its private part is here, and whether its recovery card is stored.')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 6, 7]))
    .action(async (flags: JsonFlag) => {
      show(shell, flags, viewKeys(await shell.withSession(flags, ({ engine }) => engine.keys())))
    })
}
