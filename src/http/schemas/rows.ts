import { z } from 'zod'
import { ROWS_BYTES, VALUE_BYTES } from '../../core/restore/rows.ts'
import { comparedShape, conflictPolicy, rescuedShape } from '../../present/rows.ts'
import { id, success } from './common.ts'

/** The most rows of one table that one answer tells. */
const MOST_ROWS = 1000
/** The most tables that one request names. */
const MOST_TABLES = 100

const tableName = z.string().min(1).max(200).refine(
  text => !text.includes('\0') && text.isWellFormed(),
  'expected text without null bytes and broken characters'
)
const condition = z.string().min(1).max(10_000)
  .refine(text => !text.includes('\0') && text.isWellFormed(), 'expected text without null bytes and broken characters')
  .meta({ description: 'An SQL expression over the columns of the table as the backup has it: `InvoiceId = 12`.' })

export const diffQuery = z.strictObject({
  with: z.union([z.literal('live'), id]).default('live').meta({
    description: 'Another backup by its number, or `live`: the source as it stands now.'
  }),
  table: z.union([tableName.transform(name => [name]), z.array(tableName).max(MOST_TABLES)]).optional().meta({
    description: 'Only this table; may be repeated.'
  }),
  rows: z.coerce.number().int().min(0).max(MOST_ROWS).default(0).meta({
    description: 'At most so many rows of each table are told, and of all tables as many as fit into 8 MiB.'
  }),
  from: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0).meta({
    description: 'So many rows of each table are passed over first.'
  }),
  valueBytes: z.coerce.number().int().min(0).max(ROWS_BYTES).default(VALUE_BYTES).meta({
    description: 'A longer text or blob is cut, and comes with its length and SHA-256.'
  })
})
export const diffAnswer = z.object({ success, ...comparedShape })

export const rescueBody = z.strictObject({
  tables: z.array(z.union([tableName, z.strictObject({ name: tableName, where: condition.optional() })])).min(1).max(
    MOST_TABLES
  )
    .meta({ description: 'Names, or names each with a condition of its own.' }),
  where: condition.optional().meta({
    description: 'The condition for the tables that have none of their own; without any, every row is chosen.'
  }),
  conflict: conflictPolicy.optional(),
  children: z.boolean().optional().meta({
    description: 'Whether rows that refer to the chosen ones, and are gone, come along: what ON DELETE CASCADE took.'
  }),
  dryRun: z.boolean().meta({ description: 'true: only tell what would be done.' }),
  timeoutMs: z.int().min(0).max(3_600_000).optional().meta({
    description: 'How long to wait for those who hold the database; by default 15 seconds.'
  })
})
export const rescueAnswer = z.object({ success, message: z.string(), ...rescuedShape })
