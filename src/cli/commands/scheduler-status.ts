import { Command } from 'commander'
import { jsonOption } from '../arguments.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'
import type { Server } from '../views/scheduler.ts'

export interface SchedulerStatusDeps extends Shell {
  /** The server on the data directory; undefined: none runs. */
  readonly findServer: () => Promise<Server | undefined>
}

export function schedulerStatusCommand (deps: SchedulerStatusDeps): Command {
  return new Command('status')
    .description('Show whether a server is running that makes automatic backups, and when the next backups are due.')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 6, 7]))
    .action(async (flags: JsonFlag) => {
      const server = await deps.findServer()
      const sources = await deps.withReading(({ engine }) => engine.sources())
      const { viewScheduler } = await import('../views/scheduler.ts')
      show(deps, flags, viewScheduler(server, sources, deps.clock.now()))
    })
}
