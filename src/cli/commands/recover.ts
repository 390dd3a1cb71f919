import { resolve } from 'node:path'
import { Command } from 'commander'
import { isWhole, type KnownRows, type Recovered } from '../../core/restore/salvage.ts'
import type { Progress } from '../../engine/artifacts/prove.ts'
import { jsonOption } from '../arguments.ts'
import { underProgress } from '../foreground.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

export interface RecoverDeps extends Shell {
  /** Rescues a damaged database into a new file; nothing else need be there. */
  readonly recoverDatabase: (path: string, output: string, progress: Progress) => Promise<Recovered>
  /** What the newest good backup holds of the database at this path; undefined: there is none, or nobody knows. */
  readonly knownRows: (path: string) => Promise<KnownRows | undefined>
  readonly cwd: string
}

interface Flags extends JsonFlag {
  readonly output: string
}

export function recoverCommand (deps: RecoverDeps): Command {
  return new Command('recover')
    .description(
      'Save what can be read of a damaged database into a new file, where there is no good backup to restore.'
    )
    .argument('<file>', 'the damaged database; it is not changed')
    .requiredOption('--output <path>', 'the new file; nothing is ever written over')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 3, 5, 6, 7, 130]))
    .action(async (file: string, flags: Flags) => {
      const path = resolve(deps.cwd, file)
      const recovered = await underProgress(
        deps,
        flags,
        progress => deps.recoverDatabase(path, resolve(deps.cwd, flags.output), progress)
      )
      const known = await deps.knownRows(path)
      const { viewRecovered } = await import('../views/recovered.ts')
      show(deps, flags, viewRecovered(recovered, known))
      deps.exit(isWhole(recovered) ? 0 : 3)
    })
}
