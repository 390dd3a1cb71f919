import { z } from 'zod'
import { ERRORS, type ErrorCode } from '../core/errors.ts'
import { verificationMessage } from '../core/ports/verification.ts'
import type { Verified } from '../engine/verify/verify.ts'
import { presentSignature, signatureSchema } from './signature.ts'

export const checkSchema = z.object({
  name: z.string(),
  status: z.enum(['pass', 'fail', 'skipped']),
  reason: z.string().optional(),
  code: z.enum(Object.keys(ERRORS) as ErrorCode[]).optional().meta({
    description: 'The error that prevented the check: the backup is neither valid nor damaged.'
  }),
  violations: z.int().positive().optional().meta({
    description:
      'Values that violate a constraint of their table, also in the source: a warning, not damage. With `consistency`: rows that name files that are not in the backup.'
  }),
  consistency: z.enum(['inconsistent', 'unknown']).optional().meta({
    description:
      'Whether the parts of the backup fit together: they do not, or that could not be evaluated. Nothing is damaged, and the backup is suspect.'
  })
}).meta({ id: 'Check' })

export const verifiedSchema = z.object({
  backupId: z.int().positive(),
  valid: z.boolean(),
  message: z.string().meta({
    description: '`Backup is valid`, possibly with a warning, or the failed check and the remedy.'
  }),
  checks: z.array(checkSchema),
  signature: signatureSchema.nullable().meta({
    description: 'Of the manifest in the catalog; the check `manifest` compares it with the one in the store.'
  })
})

export type VerifiedView = z.infer<typeof verifiedSchema>

export function presentVerified ({ backup, verification }: Verified): VerifiedView {
  return {
    backupId: backup.id,
    valid: verification.valid,
    message: verificationMessage(verification),
    checks: [...verification.checks],
    signature: presentSignature(backup.signature)
  }
}
