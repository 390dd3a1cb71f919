import { z } from 'zod'
import { decisionSchema } from '../../present/decision.ts'
import { sourceName, success } from './common.ts'

export const pruneBody = z.strictObject({
  dryRun: z.boolean().meta({ description: 'true: only tells what would be done.' }),
  source: sourceName.optional()
})

export const pruneAnswer = z.object({
  success,
  message: z.string(),
  dryRun: z.boolean(),
  decisions: z.array(decisionSchema).meta({ description: 'Every backup that counts, newest first, and the rule that decided.' }),
  removed: z.array(z.int().positive()).meta({ description: 'Ids of those that were removed.' })
})
