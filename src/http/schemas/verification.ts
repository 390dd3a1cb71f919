import { z } from 'zod'
import { checkSchema } from './backup.ts'
import { since, sourceName, success } from './common.ts'

const outcome = {
  backupId: z.int().positive(),
  valid: z.boolean(),
  message: z.string().meta({ description: '`Backup is valid`, or which check failed and what to do.' }),
  checks: z.array(checkSchema)
}

/** `success` says that the verification ran, whatever it found. */
export const verifyAnswer = z.object({ success, ...outcome })

export const verifyAllBody = z.strictObject({ source: sourceName.optional(), since: since.optional() }).prefault({})
export const verifyAllAnswer = z.object({
  success,
  message: z.string(),
  verified: z.int().nonnegative(),
  valid: z.int().nonnegative(),
  invalid: z.int().nonnegative(),
  results: z.array(z.object(outcome)).meta({ description: 'Oldest backup first.' })
})
