import { z } from 'zod'
import { CONFLICT_POLICIES, type RowDifference, type TableDifference, type TableRescue } from '../core/restore/rows.ts'
import type { Compared, Rescued } from '../engine/restore/rows.ts'
import { count } from './common.ts'
import { presentUndo, undoSchema } from './restore.ts'

const cut = {
  bytes: count.optional().meta({ description: 'Of a value that was cut: how many bytes it has.' }),
  sha256: z.string().optional().meta({ description: 'Of a value that was cut: the SHA-256 of all its bytes, in hex.' })
}
const value = z.union([
  z.null(),
  z.number(),
  z.string(),
  z.object({ blob: z.string().meta({ description: 'Bytes, in hex.' }), ...cut }),
  z.object({
    text: z.string().meta({ description: 'The beginning of a text that was cut.' }),
    bytes: count,
    sha256: z.string()
  }),
  z.object({ integer: z.string().meta({ description: 'A whole number that JSON numbers do not carry.' }) }),
  z.object({ real: z.string().meta({ description: 'Infinity or -Infinity.' }) })
]).meta({ id: 'RowValue' })
const row = z.record(z.string(), value)

export const rowDifferenceSchema = z.object({
  change: z.enum(['added', 'removed', 'changed']),
  before: row.nullable(),
  after: row.nullable(),
  columns: z.array(z.string()).meta({ description: 'Of a changed row, what differs.' })
}).meta({ id: 'RowDifference' })

export const tableDifferenceSchema = z.object({
  table: z.string(),
  presence: z.enum(['both', 'added', 'removed']).meta({
    description: 'Whether both sides have the table, or the later or the earlier alone.'
  }),
  identity: z.enum(['key', 'content']).meta({
    description: 'How rows are told apart: by the primary key, or by all of their values where there is none.'
  }),
  key: z.array(z.string()),
  added: count,
  removed: count,
  changed: count,
  same: count,
  columnsAdded: z.array(z.string()).meta({
    description: 'Columns that the later side alone has; they are not compared.'
  }),
  columnsRemoved: z.array(z.string()),
  rows: z.array(rowDifferenceSchema),
  hasMore: z.boolean().meta({
    description: 'Whether there are rows behind these, of those that were asked for: go on with `from`.'
  })
}).meta({ id: 'TableDifference' })

export const comparedShape = {
  backupId: z.int().positive(),
  with: z.union([z.literal('live'), z.int().positive()]),
  tables: z.array(tableDifferenceSchema),
  skipped: z.array(z.object({ table: z.string(), reason: z.string() }))
}

export const tableRescueSchema = z.object({
  table: z.string(),
  chosen: count.meta({ description: 'Rows that the condition chose.' }),
  parents: count.meta({ description: 'Rows that come along because chosen ones refer to them.' }),
  children: count.meta({ description: 'Rows that come along because they refer to chosen ones.' }),
  inserted: count,
  overwritten: count,
  same: count.meta({ description: 'The live database has them as they are.' }),
  skipped: count.meta({ description: 'The live database has others in their place, which stay.' }),
  triggers: z.array(z.string()).meta({ description: 'Triggers of the table, which fire.' })
}).meta({ id: 'TableRescue' })

export const rescuedShape = {
  backupId: z.int().positive(),
  dryRun: z.boolean(),
  tables: z.array(tableRescueSchema).meta({
    description: 'In the order in which rows are written: parents before children.'
  }),
  conflicts: z.array(z.string()).meta({ description: 'The first rows for which something is in the way, in words.' }),
  refused: z.boolean().meta({
    description: 'Of a dry run: whether what is in the way keeps all rows from being written.'
  }),
  orphans: count.meta({ description: 'Rows that refer to something that neither side has.' }),
  undo: undoSchema.nullable().meta({ description: 'null: nothing was overwritten.' })
}

export const conflictPolicy = z.enum(CONFLICT_POLICIES).meta({
  description:
    'What becomes of a row whose key the live database has with other values: `skip` leaves the live one, `overwrite` gives it the values of the backup, `fail` writes nothing at all.'
})

export function presentCompared ({ backup, other, difference }: Compared) {
  return {
    backupId: backup.id,
    with: other === null ? 'live' as const : other.id,
    tables: difference.tables.map(presentTable),
    skipped: difference.skipped.map(one => ({ ...one }))
  }
}

function presentTable (table: TableDifference): z.infer<typeof tableDifferenceSchema> {
  return {
    ...table,
    key: [...table.key],
    columnsAdded: [...table.columnsAdded],
    columnsRemoved: [...table.columnsRemoved],
    rows: table.rows.map(presentRow)
  }
}

function presentRow ({ change, before, after, columns }: RowDifference): z.infer<typeof rowDifferenceSchema> {
  return {
    change,
    before: before === null ? null : { ...before },
    after: after === null ? null : { ...after },
    columns: [...columns]
  }
}

export function presentRescued ({ backup, dryRun, rescue, safetyBackupId }: Rescued) {
  return {
    backupId: backup.id,
    dryRun,
    tables: rescue.tables.map(presentTableRescue),
    conflicts: [...rescue.conflicts],
    refused: rescue.refused,
    orphans: rescue.orphans,
    undo: presentUndo({ safetyBackupId })
  }
}

export function presentTableRescue (table: TableRescue): z.infer<typeof tableRescueSchema> {
  return { ...table, triggers: [...table.triggers] }
}
