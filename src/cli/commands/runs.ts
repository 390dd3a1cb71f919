import { Command, Option } from 'commander'
import { RUN_KINDS, RUN_STATUSES, type RunKind, type RunStatus } from '../../core/schedule/run.ts'
import { jsonOption, limitOption, sourceOption } from '../arguments.ts'
import { requireKnownSource } from '../known-names.ts'
import { exitCodesHelp } from '../output.ts'
import { collect } from '../pages.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

interface Flags extends JsonFlag {
  readonly source?: string
  readonly status?: RunStatus
  readonly kind?: RunKind
  readonly limit: number
}

export function runsCommand (shell: Shell): Command {
  return new Command('runs')
    .description('List the scheduled runs and their outcomes, newest first.')
    .addOption(sourceOption('only runs of this source'))
    .addOption(new Option('--status <status>', 'only this status').choices(RUN_STATUSES))
    .addOption(new Option('--kind <kind>', 'only this kind').choices(RUN_KINDS))
    .addOption(limitOption('runs'))
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 6, 7]))
    .action(async (flags: Flags) => {
      const { source, status, kind, limit } = flags
      const runs = await shell.withReading(async ({ engine }) => {
        const found = await collect(limit, async page => {
          const { runs: items, next } = await engine.runs({ source, status, kind, ...page })
          return { items, next }
        })
        if (found.length === 0) await requireKnownSource(engine, source)
        return found
      })
      const { viewRuns } = await import('../views/runs.ts')
      show(shell, flags, viewRuns(runs))
    })
}
