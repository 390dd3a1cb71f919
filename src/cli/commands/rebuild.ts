import { Command } from 'commander'
import { jsonOption } from '../arguments.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

export function rebuildCommand (shell: Shell): Command {
  return new Command('rebuild')
    .description('Enter into the catalog every backup whose manifest is in the store. What the catalog knows already stays as it is.')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 3, 5, 6, 7, 130]))
    .action(async (flags: JsonFlag) => {
      const rebuilt = await shell.withSession(flags, ({ engine, run, audited }) => audited({ action: 'rebuild', target: null }, () => run(() => engine.rebuild())))
      const { viewRebuilt } = await import('../views/rebuilt.ts')
      show(shell, flags, viewRebuilt(rebuilt))
      shell.exit(rebuilt.refused.length > 0 ? 3 : 0)
    })
}
