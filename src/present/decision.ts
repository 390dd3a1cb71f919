import { z } from 'zod'
import { fileName } from '../core/object-key.ts'
import type { Retained } from '../core/retention.ts'
import { bytes, instant } from './common.ts'

/** What the retention rules say of one backup. */
export const decisionSchema = z.object({
  backupId: z.int().positive(),
  fileName: z.string(),
  source: z.string(),
  startedAt: instant,
  fileSize: bytes.nullable(),
  keep: z.boolean(),
  reasons: z.array(z.string())
}).meta({ id: 'Decision' })

export type DecisionView = z.infer<typeof decisionSchema>

export function presentDecision ({ backup, keep, reasons }: Retained): DecisionView {
  return {
    backupId: backup.id,
    fileName: fileName(backup.key),
    source: backup.source,
    startedAt: backup.startedAt.toISOString(),
    fileSize: backup.size,
    keep,
    reasons: [...reasons]
  }
}
