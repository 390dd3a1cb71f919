import { z } from 'zod'
import { ROWS_BYTES, VALUE_BYTES } from '../../core/restore/rows.ts'
import { comparedShape, conflictPolicy, rescuedShape } from '../../present/rows.ts'
import { id, sourceName, success } from './common.ts'

/** The most rows of one table that one answer tells. */
const MOST_ROWS = 1000
/** The most tables that one request names. */
const MOST_TABLES = 100

const tableName = z.string().min(1).max(200).refine(
  text => !text.includes('\0') && text.isWellFormed(),
  'expected text without null bytes and invalid characters'
)
const member = sourceName.optional().meta({ description: 'For a backup of a set: the member that has the rows.' })
const condition = z.string().min(1).max(10_000)
  .refine(
    text => !text.includes('\0') && text.isWellFormed(),
    'expected text without null bytes and invalid characters'
  )
  .meta({ description: 'An SQL expression over the columns of the table in the backup: `InvoiceId = 12`.' })

export const diffQuery = z.strictObject({
  with: z.union([z.literal('live'), id]).default('live').meta({
    description: 'The id of another backup, or `live` for the current database.'
  }),
  member,
  table: z.union([tableName.transform(name => [name]), z.array(tableName).max(MOST_TABLES)]).optional().meta({
    description: 'Only this table; repeatable.'
  }),
  rows: z.coerce.number().int().min(0).max(MOST_ROWS).default(0).meta({
    description: 'Maximum number of rows returned for each table; all tables together are limited to 8 MiB.'
  }),
  from: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0).meta({
    description: 'Number of rows of each table to skip first.'
  }),
  valueBytes: z.coerce.number().int().min(0).max(ROWS_BYTES).default(VALUE_BYTES).meta({
    description: 'Longer texts and blobs are truncated and returned with their length and SHA-256.'
  })
})
export const diffAnswer = z.object({ success, ...comparedShape })

export const rescueBody = z.strictObject({
  member,
  tables: z.array(z.union([tableName, z.strictObject({ name: tableName, where: condition.optional() })])).min(1).max(
    MOST_TABLES
  )
    .meta({ description: 'Table names, or table names with a condition each.' }),
  where: condition.optional().meta({
    description: 'The condition for tables without their own condition; default: all rows.'
  }),
  conflict: conflictPolicy.optional(),
  children: z.boolean().optional().meta({
    description: 'Whether to include missing rows that refer to the chosen ones, for example after ON DELETE CASCADE.'
  }),
  dryRun: z.boolean().meta({ description: 'true: only show the plan.' }),
  timeoutMs: z.int().min(0).max(3_600_000).optional().meta({
    description: 'Maximum wait for locks of other processes; default: 15 seconds.'
  })
})
export const rescueAnswer = z.object({ success, message: z.string(), ...rescuedShape })
