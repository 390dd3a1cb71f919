import { Argument, Command, Option } from 'commander'
import { ROWS_BYTES, VALUE_BYTES } from '../../core/restore/rows.ts'
import type { Compared } from '../../engine/restore/rows.ts'
import { idArgument, jsonOption, parseId, repeatable, wholeNumber } from '../arguments.ts'
import { targetOf } from '../each.ts'
import { hinted } from '../hinted.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

/** The most rows of one table that are shown. */
const MOST_ROWS = 1000

interface Flags extends JsonFlag {
  readonly table?: readonly string[]
  readonly member?: string
  readonly rows: number
  readonly from: number
  readonly valueBytes: number
}

export function diffCommand (shell: Shell): Command {
  return new Command('diff')
    .description(
      'Compare the rows of a backup with the live database or another backup: removed, changed and added rows of each table.'
    )
    .addArgument(idArgument())
    .addArgument(
      new Argument('[other]', 'another backup, or "live" for the current database').argParser(parseOther).default(
        'live'
      )
    )
    .option('--member <name>', 'for a backup of a set: the member that has the rows')
    .addOption(tableOption('only this table; repeatable'))
    .addOption(
      new Option('--rows <number>', 'show at most this many rows of each table').argParser(wholeNumber(0, MOST_ROWS))
        .default(0)
    )
    .addOption(
      new Option('--from <number>', 'skip this many rows of each table first').argParser(
        wholeNumber(0, Number.MAX_SAFE_INTEGER)
      ).default(0)
    )
    .addOption(
      new Option('--value-bytes <number>', 'truncate longer texts and blobs, and show their length and SHA-256')
        .argParser(
          wholeNumber(0, ROWS_BYTES)
        ).default(VALUE_BYTES)
    )
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 5, 6, 7, 130]))
    .action(async (id: number, other: number | 'live', flags: Flags) => {
      const { table: tables, member, rows, from, valueBytes } = flags
      const compared = await hinted(
        'SOURCE_NOT_FOUND',
        'Configure the source, or compare with another backup: "holdfast diff ID OTHER".',
        () =>
          shell.withSession(flags, ({ engine, run, audited }) => {
            const work = (): Promise<Compared> =>
              run(() => engine.diff(id, { with: other, member, tables, rows, from, valueBytes }))
            return rows === 0 ? work() : audited({ action: 'diff', target: targetOf([id]) }, work)
          })
      )
      const { viewCompared } = await import('../views/rows.ts')
      show(shell, flags, viewCompared(compared))
    })
}

function parseOther (text: string): number | 'live' {
  return text === 'live' ? text : parseId(text)
}

export function tableOption (what: string): Option {
  return new Option('--table <name>', what).argParser(repeatable(String))
}
