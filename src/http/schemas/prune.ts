import { z } from 'zod'
import { copyDecisionSchema, decisionSchema } from '../../present/decision.ts'
import { sourceName, success } from './common.ts'

export const pruneBody = z.strictObject({
  dryRun: z.boolean().meta({ description: 'true: only show what would be removed.' }),
  source: sourceName.optional(),
  force: z.boolean().default(false).meta({ description: 'true: allow removing most backups of a source at once.' })
})

export const pruneAnswer = z.object({
  success,
  message: z.string(),
  dryRun: z.boolean(),
  decisions: z.array(decisionSchema).meta({
    description: 'Every backup that the rules considered, newest first, and the rule that decided.'
  }),
  copies: z.array(copyDecisionSchema).meta({
    description: 'Every copy in a store that has its own rules, and the rule that decided.'
  }),
  refused: z.array(z.object({ source: z.string(), going: z.int(), of: z.int() })).meta({
    description: 'On a dry run: sources that would lose so many backups that `force` is required.'
  }),
  removed: z.array(z.int().positive()).meta({ description: 'Ids of the removed backups.' })
})
