import { Command } from 'commander'
import { jsonOption } from '../arguments.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

export function sourcesCommand (shell: Shell): Command {
  return new Command('sources')
    .description('List the sources with their schedule and retention.')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 6, 7]))
    .action(async (flags: JsonFlag) => {
      const sources = await shell.withReading(({ engine }) => engine.sources())
      const { viewSources } = await import('../views/sources.ts')
      show(shell, flags, viewSources(sources, shell.clock.now()))
    })
}
