import { z } from 'zod'
import { AUDIT_OUTCOMES } from '../../core/catalog/audit.ts'
import { auditEntrySchema } from '../../present/audit.ts'
import { nextCursor, paging, since, success } from './common.ts'

export const auditListQuery = z.strictObject({
  actor: z.string().max(200).optional().meta({ description: 'Subject of a token, or operating system user.' }),
  action: z.string().max(200).optional(),
  outcome: z.enum(AUDIT_OUTCOMES).optional(),
  since: since.meta({ description: 'Only entries at or after this time.' }).optional(),
  ...paging
})
export const auditListAnswer = z.object({ success, entries: z.array(auditEntrySchema), nextCursor })
