import { Command } from 'commander'
import type { Clock } from '../../core/clock.ts'
import { BackupError, systemCode } from '../../core/errors.ts'
import { exitCodesHelp, type Output } from '../output.ts'
import type { Server } from '../views/scheduler.ts'

export interface SchedulerStopDeps {
  /** The server on the data directory, as long as it holds its lock; undefined: none runs. */
  readonly findServer: () => Promise<Server | undefined>
  readonly host: string
  /** Asks a process to end. */
  readonly terminate: (pid: number) => void
  readonly clock: Clock
  readonly output: Output
}

/** How often to look whether it has ended. Milliseconds. */
const LOOK_AGAIN = 200

export function schedulerStopCommand (deps: SchedulerStopDeps): Command {
  return new Command('stop')
    .description(
      'Stop the server of the data directory and wait until it has ended. Running jobs may finish first.'
    )
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 5]))
    .action(() => stop(deps))
}

async function stop ({ findServer, host, terminate, clock, output }: SchedulerStopDeps): Promise<void> {
  const server = await findServer()
  if (server === undefined) {
    throw new BackupError('NOT_FOUND', 'no server is running', { hint: 'No action is needed.' })
  }
  if (server.host !== host) {
    throw new BackupError('INSTANCE_RUNNING', `the server runs on the host "${server.host}", not on "${host}"`, {
      hint: 'Run the command on that host.'
    })
  }
  try {
    terminate(server.pid)
  } catch (cause) {
    throw new BackupError(
      'INSTANCE_RUNNING',
      `process ${server.pid} cannot be stopped (${systemCode(cause) ?? 'unknown reason'})`,
      { hint: 'Run the command as the user of the server.', cause }
    )
  }
  // Whoever is tired of waiting ends this command alone, by Ctrl-C; the server goes on ending.
  while ((await findServer())?.pid === server.pid) await clock.sleep(LOOK_AGAIN, new AbortController().signal)
  output.out.write(`stopped process ${server.pid}, which had been running since ${server.since}\n`)
}
