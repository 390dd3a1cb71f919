import { Argument, Command } from 'commander'
import type { BackupEdit } from '../../engine/backup/edit.ts'
import { idArgument, jsonOption, parseDescription } from '../arguments.ts'
import { targetOf } from '../each.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

export function pinCommand (shell: Shell): Command {
  return editing('pin', 'Pin a backup, so that retention rules never remove it.')
    .action((id: number, flags: JsonFlag) =>
      edit(shell, flags, id, 'pin', { pinned: true }, `Pinned backup ${id}: it is kept until it is unpinned`)
    )
}

export function unpinCommand (shell: Shell): Command {
  return editing('unpin', 'Unpin a backup, so that retention rules apply to it again.')
    .action((id: number, flags: JsonFlag) =>
      edit(
        shell,
        flags,
        id,
        'unpin',
        { pinned: false },
        `Unpinned backup ${id}: retention rules apply to it again`
      )
    )
}

export function describeCommand (shell: Shell): Command {
  return editing('describe', 'Set the description of a backup.')
    .addArgument(new Argument('<text>', 'the new description; "" removes it').argParser(parseDescription))
    .action((id: number, text: string, flags: JsonFlag) =>
      edit(
        shell,
        flags,
        id,
        'describe',
        { description: text === '' ? null : text },
        `Changed the description of backup ${id}`
      )
    )
}

function editing (name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addArgument(idArgument())
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 5, 6, 7]))
}

async function edit (
  shell: Shell,
  flags: JsonFlag,
  id: number,
  verb: string,
  change: BackupEdit,
  sentence: string
): Promise<void> {
  const backup = await shell.withSession(
    flags,
    ({ engine, audited }) =>
      audited({ action: `backup ${verb}`, target: targetOf([id]) }, () => engine.edit(id, change))
  )
  const { viewDone } = await import('../views/backup.ts')
  show(shell, flags, viewDone(backup, sentence))
}
