import type { DryRun, TableChange, TableCounts } from '../../engine/restore/dry-run.ts'
import { inDuration } from '../../core/duration.ts'
import { inSize } from '../../core/size.ts'
import { dryRunSchema, presentDryRun } from '../../present/dry-run.ts'
import type { Screen } from '../screen.ts'
import type { View } from '../shell.ts'
import { table, type Column } from '../table.ts'
import { printable, wrap } from '../text.ts'
import { inTime } from '../times.ts'
import { counted } from '../../core/counted.ts'
import { factLines } from './facts.ts'

export { dryRunSchema }

const USES = {
  scratch: 'the decompressed backup',
  target: 'the restored content',
  backups: 'a backup of the current content'
} as const

export function viewDryRun (found: DryRun): View {
  return { json: presentDryRun(found), text: screen => dryRunText(found, screen) }
}

function dryRunText (found: DryRun, screen: Screen): string {
  const { backup, target, mode, isSecured, holders, estimate, obstacle } = found
  const { colours, width } = screen
  return [
    `${colours.bold('Dry run:')} nothing was changed\n\n`,
    ...factLines([
      ['Restore', `backup ${backup.id} of "${backup.source}" to ${target} (${mode})`],
      ['Created', inTime(backup.startedAt, screen)],
      ...(found.members ?? []).map(({ name, mode, target, obstacle }) =>
        [
          'Member',
          `${name} (${mode}), ${target}${obstacle === null ? '' : `: ${obstacle.message}`}`
        ] as const
      ),
      ['Before that', isSecured ? 'the current content is backed up' : null],
      ...found.space.map(({ use, place, needed, free }) =>
        [
          'Space',
          `${inSize(needed)} for ${USES[use]} in ${use === 'backups' ? `the store "${place}"` : place}, ${
            free === null ? 'free space unknown' : `${inSize(free)} free`
          }`
        ] as const
      ),
      [
        'Open in',
        holders.length === 0
          ? 'no process visible to this user'
          : holders.map(({ pid, command }) => command === '' ? String(pid) : `${pid} (${command})`).join(', ')
      ],
      [
        'Estimate',
        `${inDuration(estimate.milliseconds)}, ${
          estimate.from === 0 ? 'based on the size only' : `based on ${estimate.from} earlier restores and drills`
        }`
      ]
    ], screen).map(line => `${line}\n`),
    '\n',
    rowsText(found, screen),
    ...obstacle === null
      ? []
      : [
        `\n${colours.red(wrap(printable(`✗ The restore would fail: ${obstacle.message}`), width, 2))}\n`,
        ...obstacle.hint === undefined ? [] : [`${wrap(printable(`hint: ${obstacle.hint}`), width, 2)}\n`]
      ]
  ].join('')
}

function rowsText ({ tables, skipped, rowsUnknown, counts }: DryRun, screen: Screen): string {
  if (counts !== undefined) {
    return counts.length === 0
      ? `${screen.colours.green('✓')} each table has as many rows in the database as in the backup\n`
      : table(COUNTS, counts, screen)
  }
  if (tables === null) return `${wrap(printable(`Rows were not compared: ${rowsUnknown ?? ''}`), screen.width, 2)}\n`
  const changing = tables.filter(one => one.inserted + one.deleted + one.changed > 0 || one.presence !== 'both')
  return [
    changing.length === 0
      ? `${screen.colours.green('✓')} the rows of the database and the backup are the same in ${
        counted(tables.length, 'table')
      }\n`
      : table(columns(screen), changing, screen),
    ...skipped.map(one => `${wrap(printable(`not compared: ${one.table} (${one.reason})`), screen.width, 2)}\n`)
  ].join('')
}

const COUNTS: ReadonlyArray<Column<TableCounts>> = [
  { title: 'TABLE', cell: one => one.table, atLeast: 14 },
  { title: 'ROWS NOW', align: 'right', cell: one => one.live === null ? 'none' : String(one.live) },
  { title: 'IN THE BACKUP', align: 'right', cell: one => one.backup === null ? 'none' : String(one.backup) }
]

function columns ({ colours }: Screen): ReadonlyArray<Column<TableChange>> {
  const number = (value: number): string => value === 0 ? '' : String(value)
  return [
    {
      title: 'TABLE',
      cell: one => `${one.table}${one.presence === 'both' ? '' : ` (table ${one.presence})`}`,
      atLeast: 14
    },
    { title: 'INSERTED', align: 'right', cell: one => number(one.inserted), paint: text => colours.green(text) },
    { title: 'DELETED', align: 'right', cell: one => number(one.deleted), paint: text => colours.red(text) },
    { title: 'CHANGED', align: 'right', cell: one => number(one.changed), paint: text => colours.yellow(text) },
    { title: 'SAME', align: 'right', cell: one => number(one.same), expendable: 1 }
  ]
}
