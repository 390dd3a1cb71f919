import { z } from 'zod'
import { count, instant } from '../../present/common.ts'

export const healthAnswer = z.object({
  success: z.boolean(),
  status: z.enum(['ok', 'degraded', 'error']),
  backup: z.looseObject({
    status: z.string(),
    lastSuccess: instant.nullable(),
    ageSeconds: z.int().nonnegative().nullable()
  }).nullable().meta({ description: 'null: not determined in time.' }),
  alerts: z.object({
    critical: count,
    warning: count,
    rules: z.array(z.string())
  }).nullable().meta({ description: 'Number of open alerts; null: not determined in time.' })
}).meta({ id: 'Health' })

export const aliveAnswer = z.object({ success: z.boolean(), status: z.enum(['ok', 'error']) })
