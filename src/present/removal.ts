import { z } from 'zod'
import { totalSize } from '../core/backup/backup.ts'
import { fileName } from '../core/backup/object-key.ts'
import type { Created } from '../engine/backup/created.ts'
import type { Removal } from '../engine/retention/removal.ts'
import { bytes, errorCode, instant } from './common.ts'

const EXAMPLE = {
  backupId: 1,
  fileName: 'workstation-backup-2026-01-05T02-00-25.db',
  source: 'workstation',
  startedAt: '2026-01-05T02:00:25.421Z',
  totalSize: 40_960,
  removal: 'trash',
  reasons: ['beyond the 10 that maxBackups keeps']
} as const

/** A backup that was removed for another. */
export const removalSchema = z.object({
  backupId: z.int().positive(),
  fileName: z.string(),
  source: z.string(),
  startedAt: instant,
  totalSize: bytes.nullable(),
  removal: z.enum(['trash', 'erase', 'evict']).meta({
    description: 'Moved to the trash, erased, or removed only from the local disk, since another store keeps it.'
  }),
  reasons: z.array(z.string())
}).meta({ id: 'Removal', examples: [{ ...EXAMPLE, reasons: [...EXAMPLE.reasons] }] })

/** The effect of a new backup on the others; the keys of an answer, next to its `backup`. */
export const removedForShape = {
  removed: z.array(removalSchema).meta({
    description: 'Backups that gave way to make room for it, and those that rotation removed after it.'
  }),
  rotationError: errorCode.nullable().meta({
    description: 'Why rotation could not remove every backup beyond maxBackups; the next backup tries again.'
  })
}

/** The two keys of `removedForShape`. */
export function presentRemovedFor ({ removed, rotationError }: Pick<Created, 'removed' | 'rotationError'>): z.infer<
  z.ZodObject<typeof removedForShape>
> {
  return { removed: removed.map(presentRemoval), rotationError }
}

export function presentRemoval ({ backup, removal, reasons }: Removal): z.infer<typeof removalSchema> {
  return {
    backupId: backup.id,
    fileName: fileName(backup.key),
    source: backup.source,
    startedAt: backup.startedAt.toISOString(),
    totalSize: totalSize(backup),
    removal,
    reasons: [...reasons]
  }
}
