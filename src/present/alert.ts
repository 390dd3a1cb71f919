import { z } from 'zod'
import { ALERT_RULE_NAMES, ALERT_SEVERITIES, type Alert } from '../core/alert/alert.ts'
import { instant, iso } from './common.ts'

export const alertSchema = z.object({
  id: z.int(),
  rule: z.enum(ALERT_RULE_NAMES),
  source: z.string().nullable().meta({ description: 'null: it is about the service as a whole.' }),
  severity: z.enum(ALERT_SEVERITIES),
  message: z.string().meta({ description: 'What is wrong.' }),
  remedy: z.string().meta({ description: 'What to do.' }),
  raisedAt: instant,
  clearedAt: instant.nullable().meta({ description: 'null: it is open.' })
}).meta({ id: 'Alert' })

export type AlertView = z.infer<typeof alertSchema>

export function presentAlert (alert: Alert): AlertView {
  const { id, rule, source, severity, message, remedy, raisedAt, clearedAt } = alert
  return { id, rule, source, severity, message, remedy, raisedAt: raisedAt.toISOString(), clearedAt: iso(clearedAt) }
}
