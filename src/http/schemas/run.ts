import { z } from 'zod'
import { RUN_KINDS, RUN_STATUSES } from '../../core/schedule/run.ts'
import { runSchema } from '../../present/run.ts'
import { nextCursor, paging, sourceName, success } from './common.ts'

export const runListQuery = z.strictObject({
  source: sourceName.optional(),
  status: z.enum(RUN_STATUSES).optional(),
  kind: z.enum(RUN_KINDS).optional(),
  ...paging
})
export const runListAnswer = z.object({ success, runs: z.array(runSchema), nextCursor })
