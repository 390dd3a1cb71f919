import { Command } from 'commander'
import { BackupError, systemCode } from '../../core/errors.ts'
import { jsonOption } from '../arguments.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'
import type { Server } from '../views/scheduler.ts'

export interface SchedulerStopDeps extends Pick<Shell, 'output' | 'screen' | 'clock'> {
  /** The server on the data directory, as long as it holds its lock; undefined: none runs. */
  readonly findServer: () => Promise<Server | undefined>
  readonly host: string
  /** Asks a process to end. */
  readonly terminate: (pid: number) => void
}

/** How often to look whether it has ended. Milliseconds. */
const LOOK_AGAIN = 200

export function schedulerStopCommand (deps: SchedulerStopDeps): Command {
  return new Command('stop')
    .description(
      'Stop the server of the data directory and wait until it has ended. Running jobs may finish first.'
    )
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 5]))
    .action((flags: JsonFlag) => stop(deps, flags))
}

async function stop (deps: SchedulerStopDeps, flags: JsonFlag): Promise<void> {
  const { findServer, host, terminate, clock } = deps
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
  const { viewStopped } = await import('../views/scheduler.ts')
  show(deps, flags, viewStopped(server))
}
