import { Command } from 'commander'
import { jsonOption } from '../arguments.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

export function statsCommand (shell: Shell): Command {
  return new Command('stats')
    .description('Show totals and the state of each source.')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 6, 7]))
    .action(async (flags: JsonFlag) => {
      const statistics = await shell.withReading(({ engine }) => engine.statistics())
      const { viewStatistics } = await import('../views/statistics.ts')
      show(shell, flags, viewStatistics(statistics, shell.clock.now()))
    })
}
