import { z } from 'zod'
import { ALERT_RULE_NAMES, ALERT_SEVERITIES, type Alert } from '../core/alert/alert.ts'
import { instant, iso } from './common.ts'

export const alertSchema = z.object({
  id: z.int(),
  rule: z.enum(ALERT_RULE_NAMES),
  source: z.string().nullable().meta({ description: 'null: the alert is about the whole service.' }),
  severity: z.enum(ALERT_SEVERITIES),
  message: z.string().meta({ description: 'The problem.' }),
  remedy: z.string().meta({ description: 'The remedy.' }),
  raisedAt: instant,
  clearedAt: instant.nullable().meta({ description: 'null: the alert is open.' })
}).meta({ id: 'Alert' })

export type AlertView = z.infer<typeof alertSchema>

export function presentAlert (alert: Alert): AlertView {
  const { id, rule, source, severity, message, remedy, raisedAt, clearedAt } = alert
  return { id, rule, source, severity, message, remedy, raisedAt: raisedAt.toISOString(), clearedAt: iso(clearedAt) }
}
