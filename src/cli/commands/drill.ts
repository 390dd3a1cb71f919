import { Argument, Command } from 'commander'
import { BackupError, ERRORS } from '../../core/errors.ts'
import type { Restore } from '../../core/restore/restore.ts'
import { jsonOption, parseId, sourceOption } from '../arguments.ts'
import { targetOf } from '../each.ts'
import { defaultOf } from '../guards.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

interface Flags extends JsonFlag {
  readonly source?: string
}

export function drillCommand (shell: Shell): Command {
  return new Command('drill')
    .description(
      'Test that a backup restores: restore it into scratch space, verify it there, check the assertions of its source, and remove it again.'
    )
    .addArgument(new Argument('[id]', 'id of the backup; default: the next one due for a drill').argParser(parseId))
    .addOption(sourceOption('without an id: drill a backup of this source instead of the default source'))
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 5, 6, 7, 130]))
    .action(async (id: number | undefined, flags: Flags) => {
      const { source } = flags
      if (id !== undefined && source !== undefined) {
        throw new BackupError('VALIDATION_FAILED', '"--source" and an id exclude each other', {
          hint: 'Give the id of a backup, or the name of a source.'
        })
      }
      const drill = await shell.withSession(flags, session => {
        const { engine, run, audited, actor } = session
        const target = id === undefined ? `source ${source ?? defaultOf(session)}` : targetOf([id])
        return audited({ action: 'drill', target }, () => run(() => engine.drill({ id, source, actor })))
      })
      const { viewDrill } = await import('../views/drill.ts')
      show(shell, flags, viewDrill(drill))
      shell.exit(exitOf(drill))
    })
}

/** One that came to nothing ends as what was in its way. */
function exitOf ({ status, errorCode }: Restore): number {
  if (status === 'passed') return 0
  return status === 'failed' ? 6 : ERRORS[errorCode ?? 'INTERNAL'].exit
}
