import { z } from 'zod'
import { isWhole, type KnownRows, type Salvaged } from '../../core/restore/salvage.ts'
import { count } from '../../present/common.ts'
import { table } from '../table.ts'
import { printable, wrap } from '../text.ts'
import type { View } from '../shell.ts'
import { inSize } from '../../core/size.ts'
import { inTime } from '../times.ts'
import { counted } from '../../core/counted.ts'

export const salvageSchema = z.object({
  path: z.string(),
  output: z.string(),
  size: count,
  verdict: z.enum(['whole', 'partial']).meta({
    description: '`whole`: no sign of missing rows. `partial`: rows are missing, or completeness could not be checked.'
  }),
  tables: z.array(z.object({
    name: z.string(),
    rows: count.nullable().meta({ description: 'Rows that were saved; null: the table does not exist.' }),
    readable: count.nullable().meta({
      description: 'Rows counted in the damaged file; null: they cannot be counted.'
    }),
    backup: count.nullable().meta({
      description: 'Rows in the newest good backup of the same database; null: unknown.'
    })
  })),
  lost: count.meta({ description: 'Rows in `lostTable`: their table is unknown or rejected them.' }),
  lostTable: z.string().nullable(),
  damagedPages: count,
  integrity: z.array(z.string()).meta({ description: 'Findings of an integrity check of the new database.' }),
  foreignKeyViolations: count.nullable(),
  problems: z.array(z.string()),
  backup: z.object({ id: z.int().positive(), startedAt: z.iso.datetime() }).nullable()
})

type Shown = z.infer<typeof salvageSchema>

export function viewSalvaged (salvaged: Salvaged, known: KnownRows | undefined): View {
  const { path, output, size, tables, lost, lostTable, damagedPages, integrity, foreignKeyViolations, problems } =
    salvaged
  const inBackup = new Map(known?.tables.map(({ name, rows }) => [name, rows]))
  const names = [...new Set([...tables.map(({ name }) => name), ...inBackup.keys()])].toSorted()
  const json: Shown = {
    path,
    output,
    size,
    verdict: isWhole(salvaged) ? 'whole' : 'partial',
    tables: names.map(name => {
      const found = tables.find(one => one.name === name)
      return { name, rows: found?.rows ?? null, readable: found?.readable ?? null, backup: inBackup.get(name) ?? null }
    }),
    lost,
    lostTable,
    damagedPages,
    integrity: [...integrity],
    foreignKeyViolations,
    problems: [...problems],
    backup: known === undefined ? null : { id: known.backupId, startedAt: known.startedAt.toISOString() }
  }
  return {
    json,
    text: screen => {
      const { colours, width } = screen
      const mark = json.verdict === 'whole' ? colours.green('✓') : colours.yellow('!')
      return [
        `${mark} ${printable(output)}: ${inSize(size)}, ${
          json.verdict === 'whole' ? 'no sign of missing rows' : 'INCOMPLETE, or completeness unknown'
        }`,
        '',
        table(
          [
            { title: 'TABLE', cell: ({ name }) => name, atLeast: 12 },
            {
              title: 'SAVED',
              cell: ({ rows }) => inNumber(rows),
              align: 'right',
              paint: (text, row) => isShort(row) ? colours.yellow(text) : text
            },
            { title: 'IN THE DAMAGED FILE', cell: ({ readable }) => inNumber(readable), align: 'right' },
            ...known === undefined
              ? []
              : [{
                title: `BACKUP ${known.backupId}`,
                cell: ({ backup }: Row) => inNumber(backup),
                align: 'right' as const
              }]
          ],
          json.tables,
          screen
        ),
        ...remarks(json).map(remark => wrap(`  ${printable(remark)}`, width, 2)),
        ...known === undefined ? [] : [`  backup ${known.backupId} was made at ${inTime(known.startedAt, screen)}`],
        ''
      ].join('\n')
    }
  }
}

type Row = Shown['tables'][number]

function isShort ({ rows, readable }: Row): boolean {
  return rows === null || rows !== readable
}

function inNumber (rows: number | null): string {
  return rows === null ? '?' : String(rows)
}

function remarks ({ lost, lostTable, damagedPages, integrity, foreignKeyViolations, problems }: Shown): string[] {
  return [
    ...lostTable === null ? [] : [`${counted(lost, 'row')} of unknown tables: in "${lostTable}"`],
    ...damagedPages === 0 ? [] : [`${counted(damagedPages, 'page')} of tables could not be read completely`],
    ...foreignKeyViolations === 0
      ? []
      : [
        foreignKeyViolations === null
          ? 'the foreign keys could not be checked'
          : `${counted(foreignKeyViolations, 'row')} refer to missing rows`
      ],
    ...integrity.map(finding => `integrity check: ${finding}`),
    ...problems
  ]
}
