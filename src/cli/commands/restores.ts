import { Command, Option } from 'commander'
import { RESTORE_KINDS, type RestoreKind } from '../../core/restore/restore.ts'
import { jsonOption, limitOption, sourceOption } from '../arguments.ts'
import { requireKnownSource } from '../known-names.ts'
import { exitCodesHelp } from '../output.ts'
import { collect } from '../pages.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

interface Flags extends JsonFlag {
  readonly source?: string
  readonly kind?: RestoreKind
  readonly limit: number
}

export function restoresCommand (shell: Shell): Command {
  return new Command('list')
    .description('List restores and drills, newest first, with time, user and result.')
    .addOption(sourceOption('only this source'))
    .addOption(new Option('--kind <kind>', 'only this kind').choices(RESTORE_KINDS))
    .addOption(limitOption('restores'))
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 6, 7]))
    .action(async (flags: Flags) => {
      const { source, kind, limit } = flags
      const restores = await shell.withReading(async ({ engine }) => {
        const found = await collect(limit, async page => {
          const { restores: items, next } = await engine.restores({ source, kind, ...page })
          return { items, next }
        })
        if (found.length === 0) await requireKnownSource(engine, source)
        return found
      })
      const { viewRestores } = await import('../views/restore.ts')
      show(shell, flags, viewRestores(restores))
    })
}
