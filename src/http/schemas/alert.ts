import { z } from 'zod'
import { alertSchema } from '../../present/alert.ts'
import { flag, nextCursor, paging, success } from './common.ts'

export const alertListQuery = z.strictObject({
  cleared: flag.default(false).meta({ description: '`true`: cleared alerts instead of open ones.' }),
  ...paging
})
export const alertListAnswer = z.object({ success, alerts: z.array(alertSchema), nextCursor })
