import { z } from 'zod'
import type { DryRun } from '../engine/restore/dry-run.ts'
import { bytes, count, errorCode } from './common.ts'

const EXAMPLE = {
  backupId: 42,
  source: 'shop',
  target: '/srv/app/shop.db',
  mode: 'live',
  safetyBackup: true,
  tables: [{ table: 'InvoiceLine', presence: 'both', inserted: 150, deleted: 2, changed: 0, same: 600 }],
  skipped: [],
  rowsUnknown: null,
  counts: null,
  space: [{ use: 'scratch', place: '/srv/app/data/scratch', neededBytes: 61440, freeBytes: 59_500_000_000 }],
  holders: [{ pid: 4711, command: 'node app.js' }],
  estimatedSeconds: 1.2,
  estimatedFrom: 3,
  obstacle: null,
  members: []
}

const obstacleSchema = z.object({ code: errorCode, message: z.string(), hint: z.string().nullable() })

/** What a restore would do. */
export const dryRunSchema = z.object({
  backupId: z.int().positive(),
  source: z.string(),
  target: z.string(),
  mode: z.string().meta({
    description: 'A restore mode of the kind of the source, such as `live` or `replace`; `file`: to another path.'
  }),
  safetyBackup: z.boolean().meta({ description: 'Whether the current content would be backed up first.' }),
  tables: z.array(z.object({
    table: z.string(),
    presence: z.enum(['both', 'created', 'dropped']).meta({
      description: 'Whether the restore would create the table, or remove it.'
    }),
    inserted: count.meta({ description: 'Rows that would be inserted.' }),
    deleted: count.meta({ description: 'Rows that would be deleted, because the backup does not have them.' }),
    changed: count,
    same: count
  })).nullable().meta({ description: 'null: unknown, for the reason in `rowsUnknown`.' }),
  skipped: z.array(z.object({ table: z.string(), reason: z.string() })).meta({
    description: 'Tables that cannot be compared.'
  }),
  rowsUnknown: z.string().nullable(),
  counts: z.array(z.object({
    table: z.string(),
    backup: count.nullable().meta({ description: 'Rows in the backup; null: it does not have the table.' }),
    live: count.nullable().meta({ description: 'Rows in the source; null: it does not have the table.' })
  })).nullable().meta({
    description: 'Of a PostgreSQL database: the tables whose number of rows differs; null: not counted.'
  }),
  space: z.array(z.object({
    use: z.enum(['scratch', 'target', 'backups']).meta({
      description:
        '`scratch`: the decompressed backup; `target`: the restored content; `backups`: the backup of the current content.'
    }),
    place: z.string().meta({ description: 'A directory; for `backups`, the name of the store.' }),
    neededBytes: bytes.meta({ description: 'Upper limit.' }),
    freeBytes: bytes.nullable().meta({ description: 'null: not known.' })
  })),
  holders: z.array(z.object({ pid: z.int().positive(), command: z.string() })).meta({
    description: 'Processes that have the target open, as far as they are visible to the service.'
  }),
  estimatedSeconds: z.number().nonnegative().meta({
    description: 'Total duration: verification, backup of the current content, and restore.'
  }),
  estimatedFrom: count.meta({
    description: 'Number of earlier restores and drills on which the estimate is based; 0: based on the size only.'
  }),
  obstacle: obstacleSchema.nullable().meta({
    description: 'The error with which the restore would fail now; null: none.'
  }),
  members: z.array(z.object({
    name: z.string(),
    kind: z.string(),
    target: z.string(),
    mode: z.string(),
    obstacle: obstacleSchema.nullable().meta({ description: 'The error for this member; null: none.' })
  })).meta({ description: 'The members of a set that would be restored; empty for a backup of one source.' })
}).meta({ id: 'RestoreDryRun', examples: [EXAMPLE] })

export function presentDryRun (found: DryRun): z.infer<typeof dryRunSchema> {
  const { backup, target, mode, isSecured, tables, skipped, rowsUnknown, space, holders, estimate, obstacle } = found
  return {
    backupId: backup.id,
    source: backup.source,
    target,
    mode,
    safetyBackup: isSecured,
    tables: tables === null ? null : [...tables],
    skipped: [...skipped],
    rowsUnknown,
    counts: found.counts === undefined ? null : [...found.counts],
    space: space.map(({ use, place, needed, free }) => ({ use, place, neededBytes: needed, freeBytes: free })),
    holders: [...holders],
    estimatedSeconds: Math.ceil(estimate.milliseconds / 100) / 10,
    estimatedFrom: estimate.from,
    obstacle: presentObstacle(obstacle),
    members: (found.members ?? []).map(({ name, kind, target, mode, obstacle }) => ({
      name,
      kind,
      target,
      mode,
      obstacle: presentObstacle(obstacle)
    }))
  }
}

function presentObstacle (obstacle: DryRun['obstacle']): z.infer<typeof obstacleSchema> | null {
  return obstacle === null ? null : { code: obstacle.code, message: obstacle.message, hint: obstacle.hint ?? null }
}
