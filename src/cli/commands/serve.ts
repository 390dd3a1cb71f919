import { Command } from 'commander'
import { exitCodesHelp } from '../output.ts'

export interface ServeDeps {
  /** Runs the service until it is told to stop; the exit code. */
  readonly serve: () => Promise<number>
  readonly exit: (code: number) => void
}

export function serveCommand (deps: ServeDeps): Command {
  return new Command('serve')
    .description('Run the service until SIGTERM or SIGINT: the API and the scheduled jobs.')
    .addHelpText('after', exitCodesHelp([0, 1, 2, 5, 6, 7]))
    .action(async () => {
      deps.exit(await deps.serve())
    })
}
