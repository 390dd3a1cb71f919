import { Command } from 'commander'
import type { ConfigReport } from '../config-report.ts'
import { exitCodesHelp, type Output } from '../output.ts'
import type { Screen } from '../screen.ts'

export interface ConfigCheckDeps {
  readonly check: () => ConfigReport | Promise<ConfigReport>
  readonly output: Output
  /** Standard output, as it is now. */
  readonly screen: () => Screen
  readonly exit: (code: number) => void
}

export function configCheckCommand (deps: ConfigCheckDeps): Command {
  return new Command('check')
    .description(
      'Check the configuration. Show the values in force and their origin, or every problem.'
    )
    .option('--json', 'print JSON; docs/cli.schema.json describes the format')
    .addHelpText('after', exitCodesHelp([0, 1, 2]))
    .action(async (flags: { readonly json?: true }) => {
      const report = await deps.check()
      const { reportAsJson, reportAsText } = await import('../config-report.ts')
      deps.output.out.write(flags.json === true ? reportAsJson(report) : reportAsText(report, deps.screen()))
      deps.exit(report.ok ? 0 : 2)
    })
}
