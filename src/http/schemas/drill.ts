import { z } from 'zod'
import { drillSchema } from '../../present/drill.ts'
import { since, sourceName, success } from './common.ts'

export const drillAnswer = z.object({ success, message: z.string(), drill: drillSchema })
export const oneRestoreAnswer = z.object({ success, restore: drillSchema })

export const evidenceQuery = z.strictObject({
  source: sourceName.optional(),
  since: since.optional(),
  until: since.meta({ description: 'Only entries started before this time; default: now.' }).optional(),
  format: z.enum(['json', 'html']).optional()
})
