import { z } from 'zod'
import { failureSchema } from '../../present/failure.ts'
import { verifiedSchema } from '../../present/verification.ts'
import { since, sourceName, success } from './common.ts'

/** `success` says that the verification ran, whatever it found. */
export const verifyAnswer = z.object({ success, ...verifiedSchema.shape })

export const verifyAllBody = z.strictObject({ source: sourceName.optional(), since: since.optional() }).prefault({})
export const verifyAllAnswer = z.object({
  success,
  message: z.string(),
  verified: z.int().nonnegative(),
  valid: z.int().nonnegative(),
  invalid: z.int().nonnegative(),
  results: z.array(verifiedSchema).meta({ description: 'Oldest backup first.' }),
  failures: z.array(failureSchema).meta({
    description: 'Backups that could not be verified, with the reason, oldest first; the numbers do not include them.'
  })
})
