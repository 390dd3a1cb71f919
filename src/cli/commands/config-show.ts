import { Command } from 'commander'
import { toBackupError } from '../../core/errors.ts'
import type { SettingsReport } from '../../core/schedule/settings.ts'
import type { ConfigReport } from '../config-report.ts'
import { exitCodesHelp, type Output } from '../output.ts'
import type { Screen } from '../screen.ts'

export interface ConfigShowDeps {
  readonly check: () => ConfigReport | Promise<ConfigReport>
  /** The settings with what was changed through the API; undefined: there is no catalog, and so no such change. */
  readonly settings: () => Promise<SettingsReport | undefined>
  readonly output: Output
  /** Standard output, as it is now. */
  readonly screen: () => Screen
  readonly exit: (code: number) => void
}

export function configShowCommand (deps: ConfigShowDeps): Command {
  return new Command('show')
    .description(
      'Show every setting in force and where it comes from, including changes made through the API. The service does not have to run.'
    )
    .option('--json', 'print JSON; docs/cli.schema.json describes the format')
    .addHelpText('after', exitCodesHelp([0, 1, 2]))
    .action(async (flags: { readonly json?: true }) => {
      const { reportAsJson, reportAsText, withChanges } = await import('../config-report.ts')
      const configured = await deps.check()
      const changes = configured.ok ? await changesOf(deps) : undefined
      const report = configured.ok && changes !== undefined ? withChanges(configured, changes) : configured
      deps.output.out.write(flags.json === true ? reportAsJson(report) : reportAsText(report, deps.screen()))
      deps.exit(report.ok ? 0 : 2)
    })
}

/** What is configured can be shown all the same where the catalog cannot be read; whoever looks at it is told. */
async function changesOf ({ settings, output }: ConfigShowDeps): Promise<SettingsReport | undefined> {
  try {
    return await settings()
  } catch (thrown) {
    output.err.write(`holdfast: changes made through the API are not shown: ${toBackupError(thrown).message}\n`)
    return undefined
  }
}
