import { z } from 'zod'
import { copyDecisionSchema, decisionSchema } from '../../present/decision.ts'
import { sourceName, success } from './common.ts'

export const pruneBody = z.strictObject({
  dryRun: z.boolean().meta({ description: 'true: only tells what would be done.' }),
  source: sourceName.optional(),
  force: z.boolean().default(false).meta({ description: 'true: even if most of what a source has would go at once.' })
})

export const pruneAnswer = z.object({
  success,
  message: z.string(),
  dryRun: z.boolean(),
  decisions: z.array(decisionSchema).meta({
    description: 'Every backup that counts, newest first, and the rule that decided.'
  }),
  copies: z.array(copyDecisionSchema).meta({ description: 'Every copy in a store with rules of its own, likewise.' }),
  refused: z.array(z.object({ source: z.string(), going: z.int(), of: z.int() })).meta({
    description: 'On a dry run: sources of which so much would go that only `force` removes it.'
  }),
  removed: z.array(z.int().positive()).meta({ description: 'Ids of those that were removed.' })
})
