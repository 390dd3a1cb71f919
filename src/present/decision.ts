import { z } from 'zod'
import { BACKUP_TYPES } from '../core/backup/backup.ts'
import { fileName } from '../core/backup/object-key.ts'
import type { Retained } from '../core/retention/retention.ts'
import { TIERS } from '../core/tier.ts'
import { bytes, instant } from './common.ts'

/** What the retention rules say of one backup. */
export const decisionSchema = z.object({
  backupId: z.int().positive(),
  fileName: z.string(),
  source: z.string(),
  backupType: z.enum(BACKUP_TYPES),
  schedule: z.enum(TIERS).nullable(),
  startedAt: instant,
  fileSize: bytes.nullable(),
  keep: z.boolean(),
  removal: z.enum(['trash', 'erase', 'evict']).nullable().meta({
    description:
      'How it is removed: to the trash, immediately, or only from BACKUP_DIR, because another store has a copy.'
  }),
  reasons: z.array(z.string())
}).meta({ id: 'Decision' })

export type DecisionView = z.infer<typeof decisionSchema>

/** The same of one copy in a store with rules of its own. */
export const copyDecisionSchema = decisionSchema.extend({ store: z.string() }).meta({ id: 'CopyDecision' })

export function presentCopyDecision (retained: Retained & { readonly store: string }): z.infer<
  typeof copyDecisionSchema
> {
  return { ...presentDecision(retained), store: retained.store }
}

export function presentDecision ({ backup, keep, reasons, removal }: Retained): DecisionView {
  return {
    backupId: backup.id,
    fileName: fileName(backup.key),
    source: backup.source,
    backupType: backup.type,
    schedule: backup.schedule,
    startedAt: backup.startedAt.toISOString(),
    fileSize: backup.size,
    keep,
    removal,
    reasons: [...reasons]
  }
}
