import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import { BackupError, systemCode } from '../../core/errors.ts'
import { jsonOption, pastTimeOption, sourceOption } from '../arguments.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

export interface ReportDeps extends Shell {
  readonly cwd: string
}

interface Flags extends JsonFlag {
  readonly source?: string
  readonly since?: Date
  readonly html?: string
}

export function reportCommand (deps: ReportDeps): Command {
  return new Command('report')
    .description(
      'Show evidence that backups can be restored: drills and their results, the duration of a restore (RTO) and the data at risk (RPO).'
    )
    .addOption(sourceOption('only this source'))
    .addOption(
      pastTimeOption('--since <time>', 'only drills at or after this (default: 90d)', deps.screen)
    )
    .addOption(new Option('--html <file>', 'write a printable page for auditors to this file'))
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 6, 7]))
    .action(async (flags: Flags) => {
      const { source, since } = flags
      const found = await deps.withReading(({ engine }) => engine.drillEvidence({ source, since }))
      const { viewEvidence } = await import('../views/drill.ts')
      const file = flags.html === undefined ? null : resolve(deps.cwd, flags.html)
      if (file !== null) {
        const [{ presentEvidence }, { drillPage }] = await Promise.all([
          import('../../present/drill-evidence.ts'),
          import('../../present/drill-page.ts')
        ])
        await write(file, drillPage(presentEvidence(found)))
      }
      show(deps, flags, viewEvidence(found, file))
    })
}

async function write (file: string, page: string): Promise<void> {
  try {
    await writeFile(file, page)
  } catch (error) {
    throw new BackupError('VALIDATION_FAILED', `"${file}" cannot be written (${systemCode(error) ?? 'unknown'})`, {
      hint: 'Give the path of a file in a directory in which this user has write permission.',
      cause: error
    })
  }
}
