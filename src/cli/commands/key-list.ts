import { Command } from 'commander'
import { jsonOption } from '../arguments.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

export function keyListCommand (shell: Shell): Command {
  return new Command('list')
    .description(
      'List every key that is configured or needed by backups, whether its private key is available and its recovery card is stored; and the public keys of manifest signatures.'
    )
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 6, 7]))
    .action(async (flags: JsonFlag) => {
      const [keys, signing] = await shell.withReading(async ({ engine }) =>
        [await engine.keys(), engine.signingKeys()] as const
      )
      const { viewKeys } = await import('../views/key.ts')
      show(shell, flags, viewKeys(keys, signing))
    })
}
