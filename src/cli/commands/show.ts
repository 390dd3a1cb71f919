import { Command } from 'commander'
import { idArgument, jsonOption } from '../arguments.ts'
import { contentOf } from '../content.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

export function showCommand (shell: Shell): Command {
  return new Command('show')
    .description('Show all details of one backup.')
    .addArgument(idArgument())
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 6, 7]))
    .action(async (id: number, flags: JsonFlag) => {
      const [backup, verifications, content] = await shell.withReading(async ({ engine, kinds }) =>
        [await engine.backup(id), await engine.verifications(id), contentOf(await engine.manifest(id), kinds)] as const
      )
      const { viewBackup } = await import('../views/backup.ts')
      show(shell, flags, viewBackup(backup, verifications, content))
    })
}
