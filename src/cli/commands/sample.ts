import { resolve } from 'node:path'
import { Command } from 'commander'
import type { MakeSample } from '../../core/sample.ts'
import { jsonOption } from '../arguments.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

export interface SampleDeps extends Pick<Shell, 'output' | 'screen'> {
  readonly makeSample: MakeSample
  readonly cwd: string
}

export function sampleCommand (deps: SampleDeps): Command {
  return new Command('sample')
    .description('Create a small sample database to try the other commands with.')
    .argument('<file>', 'the new file; an existing file is never overwritten')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 5, 7]))
    .action(async (file: string, flags: JsonFlag) => {
      const sample = await deps.makeSample(resolve(deps.cwd, file))
      const { viewSample } = await import('../views/sample.ts')
      show(deps, flags, viewSample(sample))
    })
}
