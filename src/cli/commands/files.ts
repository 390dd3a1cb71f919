import { Argument, Command, Option } from 'commander'
import { idArgument, jsonOption, wholeNumber } from '../arguments.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

/** Files that are listed by default, and at most: each takes some hundred bytes of memory. */
const USUAL = 1000
const MOST = 1_000_000

interface Flags extends JsonFlag {
  readonly limit: number
  readonly member?: string
}

export function filesCommand (shell: Shell): Command {
  return new Command('files')
    .description('List the files in the backup of a directory, all of them or those that match a pattern.')
    .addArgument(idArgument())
    .addArgument(
      new Argument(
        '[patterns...]',
        'paths relative to the source: "payloads/2025/**", "**/*.yaml"; a directory includes its content'
      ).default([])
    )
    .addOption(
      new Option('--limit <number>', `list at most this many files, up to ${MOST}`).argParser(wholeNumber(1, MOST))
        .default(USUAL)
    )
    .option('--member <name>', 'for a backup of a set: the member that has the files')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 5, 6, 7]))
    .action(async (id: number, patterns: readonly string[], flags: Flags) => {
      const page = await shell.withSession(
        flags,
        ({ engine }) => engine.files(id, { patterns, limit: flags.limit }, flags.member)
      )
      const { viewFiles } = await import('../views/files.ts')
      show(shell, flags, viewFiles(page))
    })
}
