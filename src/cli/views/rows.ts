import { z } from 'zod'
import type { RowDifference, RowValue, TableDifference, TableRescue } from '../../core/restore/rows.ts'
import type { Compared, Rescued } from '../../engine/restore/rows.ts'
import { describeRemoval } from '../../engine/retention/removal.ts'
import { count } from '../../present/common.ts'
import { comparedShape, presentCompared, presentRescued, rescuedShape } from '../../present/rows.ts'
import type { Screen } from '../screen.ts'
import type { View } from '../shell.ts'
import { table, type Column } from '../table.ts'
import { printable, wrap } from '../text.ts'
import { counted } from '../../core/counted.ts'

export const diffSchema = z.object(comparedShape)
export const rescueSchema = z.object(rescuedShape)
export const extractSchema = z.object({ backupId: z.int().positive(), file: z.string(), rows: count })

export function viewCompared (compared: Compared): View {
  return { json: presentCompared(compared), text: screen => comparedText(compared, screen) }
}

function comparedText ({ backup, other, difference: { tables, skipped } }: Compared, screen: Screen): string {
  const { colours, width } = screen
  const differing = tables.filter(one => one.added + one.removed + one.changed > 0 || one.presence !== 'both')
  const sides = `backup ${backup.id} and ${other === null ? 'the live database' : `backup ${other.id}`}`
  const parts = [
    differing.length === 0
      ? `${colours.green('✓')} ${sides} have the same rows in ${counted(tables.length, 'table')}\n`
      : table(differenceColumns(screen), differing, screen),
    ...differing.filter(({ rows }) => rows.length > 0).map(one =>
      `\n${colours.bold(printable(one.table))}\n${one.rows.map(row => rowLine(row, one, screen)).join('\n')}\n${
        one.hasMore ? '  … more rows: see --from\n' : ''
      }`
    ),
    ...tables.filter(({ columnsAdded, columnsRemoved }) => columnsAdded.length + columnsRemoved.length > 0).map(
      ({ table: name, columnsAdded, columnsRemoved }) =>
        `\n${
          wrap(
            printable(
              `${name}: columns that exist on only one side are not compared: ${
                [...columnsRemoved, ...columnsAdded].join(', ')
              }`
            ),
            width,
            2
          )
        }\n`
    ),
    ...[...Map.groupBy(skipped, ({ reason }) => reason)].map(([reason, those]) =>
      `\n${wrap(printable(`not compared: ${those.map(one => one.table).join(', ')} (${reason})`), width, 2)}\n`
    )
  ]
  return parts.join('')
}

function differenceColumns ({ colours }: Screen): ReadonlyArray<Column<TableDifference>> {
  const number = (value: number): string => value === 0 ? '' : String(value)
  return [
    {
      title: 'TABLE',
      cell: one => `${one.table}${one.presence === 'both' ? '' : ` (table ${one.presence})`}`,
      atLeast: 14,
      cut: 'end'
    },
    { title: 'REMOVED', align: 'right', cell: ({ removed }) => number(removed), paint: text => colours.red(text) },
    { title: 'CHANGED', align: 'right', cell: ({ changed }) => number(changed), paint: text => colours.yellow(text) },
    { title: 'ADDED', align: 'right', cell: ({ added }) => number(added), paint: text => colours.green(text) },
    { title: 'SAME', align: 'right', cell: ({ same }) => String(same), expendable: 1 }
  ]
}

/** `- 4  nails`: as a person would note it; of a changed row only what differs. */
function rowLine (
  { change, before, after, columns }: RowDifference,
  { key }: TableDifference,
  { colours, width }: Screen
): string {
  const sign = { removed: colours.red('-'), added: colours.green('+'), changed: colours.yellow('~') }[change]
  const row = before ?? after ?? {}
  const facts = change === 'changed'
    ? [
      ...key.map(name => `${name}=${inWords(row[name])}`),
      ...columns.map(name => `${name}: ${inWords(before?.[name])} → ${inWords(after?.[name])}`)
    ]
    : Object.entries(row).map(([name, value]) => `${name}=${inWords(value)}`)
  return `  ${sign} ${wrap(printable(facts.join(', ')), width - 4, 4)}`
}

function inWords (value: RowValue | undefined): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return JSON.stringify(value)
  if ('bytes' in value) {
    return `${
      'text' in value ? JSON.stringify(value.text) : `x'${value.blob}'`
    }… (${value.bytes} bytes, SHA-256 ${value.sha256})`
  }
  if ('blob' in value) return `x'${value.blob}'`
  return 'integer' in value ? value.integer : value.real
}

/** What would be done, for whoever has to say yes to it. */
export function rescuePlan (
  { backup, rescue: { tables, conflicts, refused, orphans } }: Rescued,
  screen: Screen
): string {
  const triggers = tables.flatMap(one => one.triggers)
  const lines = [
    ...conflicts.map(conflict => `conflict: ${conflict}`),
    ...refused ? ['no row would be written'] : [],
    ...triggers.length === 0 ? [] : [`triggers that fire: ${triggers.join(', ')}`],
    ...orphans === 0
      ? []
      : [`${counted(orphans, 'row')} refer to rows that exist on neither side, as in backup ${backup.id}`]
  ]
  return `${tables.length === 0 ? 'no rows\n' : table(rescueColumns(screen), tables, screen)}${
    lines.map(line => `${wrap(printable(line), screen.width, 2)}\n`).join('')
  }`
}

function rescueColumns ({ colours }: Screen): ReadonlyArray<Column<TableRescue>> {
  const number = (value: number): string => value === 0 ? '' : String(value)
  return [
    { title: 'TABLE', cell: one => one.table, atLeast: 14, cut: 'end' },
    { title: 'CHOSEN', align: 'right', cell: ({ chosen }) => number(chosen) },
    { title: 'PARENTS', align: 'right', cell: ({ parents }) => number(parents), expendable: 1 },
    { title: 'CHILDREN', align: 'right', cell: ({ children }) => number(children), expendable: 1 },
    { title: 'INSERT', align: 'right', cell: ({ inserted }) => number(inserted), paint: text => colours.green(text) },
    {
      title: 'OVERWRITE',
      align: 'right',
      cell: ({ overwritten }) => number(overwritten),
      paint: text => colours.yellow(text)
    },
    { title: 'SAME', align: 'right', cell: ({ same }) => number(same), paint: text => colours.dim(text) },
    { title: 'SKIP', align: 'right', cell: ({ skipped }) => number(skipped), paint: text => colours.yellow(text) }
  ]
}

/** How many rows are written, or would be. */
export function written ({ rescue: { tables, refused } }: Rescued): number {
  return refused ? 0 : tables.reduce((sum, { inserted, overwritten }) => sum + inserted + overwritten, 0)
}

/** `isKnown`: whoever looks at it has just seen the plan. */
export function viewRescued (rescued: Rescued, { isKnown }: { readonly isKnown: boolean }): View {
  const json = presentRescued(rescued)
  return {
    json,
    text: screen =>
      [
        isKnown ? '' : `${rescuePlan(rescued, screen)}\n`,
        outcomeOf(rescued, screen),
        json.undo === null ? '' : `  To undo  ${json.undo.command}\n`,
        ...rescued.removed.map(one => `  Removed  ${describeRemoval(one)}, to make room for the backup before it\n`)
      ].join('')
  }
}

function outcomeOf (rescued: Rescued, { colours }: Screen): string {
  const { backup, dryRun } = rescued
  const rows = counted(written(rescued), 'row')
  if (dryRun) return `${rows} of backup ${backup.id} would be written\n`
  if (written(rescued) === 0) return nothingWritten(rescued)
  return `${colours.green('✓')} Wrote ${rows} of backup ${backup.id} into the live database\n`
}

/** One line: that no row was written, and how many rows are already as in the backup. */
export function nothingWritten ({ backup, rescue: { tables } }: Rescued): string {
  const same = tables.reduce((sum, table) => sum + table.same, 0)
  if (same === 0) return 'nothing was written\n'
  return `${counted(same, 'row')} already as in backup ${backup.id}; nothing was written\n`
}

export function viewExtracted (backupId: number, rows: number, file: string): View {
  return {
    json: { backupId, file, rows },
    text: ({ colours }) => `${colours.green('✓')} Wrote ${counted(rows, 'row')} of backup ${backupId} to ${file}\n`
  }
}
