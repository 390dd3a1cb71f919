import { Command } from 'commander'
import { jsonOption, limitOption, sourceOption } from '../arguments.ts'
import { requireKnownSource } from '../known-names.ts'
import { exitCodesHelp } from '../output.ts'
import { collect } from '../pages.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

interface Flags extends JsonFlag {
  readonly source?: string
  readonly limit: number
}

export function drillsCommand (shell: Shell): Command {
  return new Command('drills')
    .description('List the drills, newest first: the backup, the result and the duration of the restore.')
    .addOption(sourceOption('only this source'))
    .addOption(limitOption('drills'))
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 6, 7]))
    .action(async (flags: Flags) => {
      const { source, limit } = flags
      const drills = await shell.withReading(async ({ engine }) => {
        const found = await collect(limit, async page => {
          const { restores: items, next } = await engine.restores({ kind: 'drill', source, ...page })
          return { items, next }
        })
        if (found.length === 0) await requireKnownSource(engine, source)
        return found
      })
      const { viewDrills } = await import('../views/drill.ts')
      show(shell, flags, viewDrills(drills))
    })
}
