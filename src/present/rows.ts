import { z } from 'zod'
import { CONFLICT_POLICIES, type RowDifference, type TableDifference, type TableRescue } from '../core/restore/rows.ts'
import type { Compared, Rescued } from '../engine/restore/rows.ts'
import { count } from './common.ts'
import { presentRemoval, removalSchema } from './removal.ts'
import { presentUndo, undoSchema } from './restore.ts'

const cut = {
  bytes: count.optional().meta({ description: 'Size in bytes of a truncated value.' }),
  sha256: z.string().optional().meta({ description: 'SHA-256 of all bytes of a truncated value, in hex.' })
}
const value = z.union([
  z.null(),
  z.number(),
  z.string(),
  z.object({ blob: z.string().meta({ description: 'Bytes, in hex.' }), ...cut }),
  z.object({
    text: z.string().meta({ description: 'The beginning of a truncated text.' }),
    bytes: count,
    sha256: z.string()
  }),
  z.object({ integer: z.string().meta({ description: 'An integer beyond the range of JSON numbers.' }) }),
  z.object({ real: z.string().meta({ description: 'Infinity or -Infinity.' }) })
]).meta({ id: 'RowValue' })
const row = z.record(z.string(), value)

export const rowDifferenceSchema = z.object({
  change: z.enum(['added', 'removed', 'changed']),
  before: row.nullable(),
  after: row.nullable(),
  columns: z.array(z.string()).meta({ description: 'Differences of a changed row.' })
}).meta({ id: 'RowDifference' })

export const tableDifferenceSchema = z.object({
  table: z.string(),
  presence: z.enum(['both', 'added', 'removed']).meta({
    description: 'Whether both sides have the table, or only the later or the earlier one.'
  }),
  identity: z.enum(['key', 'content']).meta({
    description: 'How rows are identified: by the primary key, or by all values if there is none.'
  }),
  key: z.array(z.string()),
  added: count,
  removed: count,
  changed: count,
  same: count,
  columnsAdded: z.array(z.string()).meta({
    description: 'Columns that only the later side has; they are not compared.'
  }),
  columnsRemoved: z.array(z.string()),
  rows: z.array(rowDifferenceSchema),
  hasMore: z.boolean().meta({
    description: 'Whether there are more of the requested rows: continue with `from`.'
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
  chosen: count.meta({ description: 'Rows chosen by the condition.' }),
  parents: count.meta({ description: 'Rows included because chosen rows refer to them.' }),
  children: count.meta({ description: 'Rows included because they refer to chosen rows.' }),
  inserted: count,
  overwritten: count,
  same: count.meta({ description: 'Rows that the live database has with the same values.' }),
  skipped: count.meta({ description: 'Rows skipped because the live database has other rows with the same key.' }),
  triggers: z.array(z.string()).meta({ description: 'Triggers of the table that fire.' })
}).meta({ id: 'TableRescue' })

export const rescuedShape = {
  backupId: z.int().positive(),
  dryRun: z.boolean(),
  tables: z.array(tableRescueSchema).meta({
    description: 'In the order in which rows are written: parents before children.'
  }),
  conflicts: z.array(z.string()).meta({ description: 'The first rows with a conflict, as text.' }),
  refused: z.boolean().meta({
    description: 'Of a dry run: whether the conflicts prevent writing any row.'
  }),
  orphans: count.meta({ description: 'Rows that refer to rows that exist on neither side.' }),
  undo: undoSchema.nullable().meta({ description: 'null: nothing was overwritten.' }),
  removed: z.array(removalSchema).meta({
    description: 'Backups that were removed to make room for the backup of the previous content.'
  })
}

export const conflictPolicy = z.enum(CONFLICT_POLICIES).meta({
  description:
    'Handling of a row whose key exists in the live database with other values: `skip` keeps the live row, `overwrite` replaces it with the row of the backup, `fail` writes nothing.'
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

export function presentRescued ({ backup, dryRun, rescue, safetyBackupId, removed }: Rescued) {
  return {
    backupId: backup.id,
    dryRun,
    tables: rescue.tables.map(presentTableRescue),
    conflicts: [...rescue.conflicts],
    refused: rescue.refused,
    orphans: rescue.orphans,
    undo: presentUndo({ safetyBackupId }),
    removed: removed.map(presentRemoval)
  }
}

export function presentTableRescue (table: TableRescue): z.infer<typeof tableRescueSchema> {
  return { ...table, triggers: [...table.triggers] }
}
