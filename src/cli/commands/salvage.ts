import { resolve } from 'node:path'
import { Command } from 'commander'
import { isWhole, type KnownRows, type Salvaged } from '../../core/restore/salvage.ts'
import type { Progress } from '../../engine/artifacts/verify-parts.ts'
import { jsonOption } from '../arguments.ts'
import { underProgress } from '../foreground.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

export interface SalvageDeps extends Shell {
  /** Rescues a damaged database into a new file; nothing else need be there. */
  readonly salvageDatabase: (path: string, output: string, progress: Progress) => Promise<Salvaged>
  /** What the newest good backup holds of the database at this path; undefined: there is none, or nobody knows. */
  readonly knownRows: (path: string) => Promise<KnownRows | undefined>
  readonly cwd: string
}

interface Flags extends JsonFlag {
  readonly output: string
}

/** The old name of the command: writes a warning to stderr, and does the same. */
export function recoverCommand (deps: SalvageDeps): Command {
  return salvageCommand(deps).name('recover').description('The old name of "salvage"; deprecated.').hook(
    'preAction',
    () => {
      deps.output.err.write('holdfast: "recover" is deprecated: use "salvage"\n')
    }
  )
}

export function salvageCommand (deps: SalvageDeps): Command {
  return new Command('salvage')
    .description(
      'Write the readable rows of a damaged database to a new file, if there is no good backup to restore.'
    )
    .argument('<file>', 'the damaged database, which is not changed')
    .requiredOption('--output <path>', 'the new file; an existing file is never overwritten')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 3, 5, 6, 7, 130]))
    .action(async (file: string, flags: Flags) => {
      const path = resolve(deps.cwd, file)
      const salvaged = await underProgress(
        deps,
        flags,
        progress => deps.salvageDatabase(path, resolve(deps.cwd, flags.output), progress)
      )
      const known = await deps.knownRows(path)
      const { viewSalvaged } = await import('../views/salvaged.ts')
      show(deps, flags, viewSalvaged(salvaged, known))
      deps.exit(isWhole(salvaged) ? 0 : 3)
    })
}
