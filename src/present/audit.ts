import { z } from 'zod'
import { AUDIT_ORIGINS, AUDIT_OUTCOMES, type AuditEntry } from '../core/catalog/audit.ts'
import { count, errorCode, instant } from './common.ts'

export const auditEntrySchema = z.object({
  id: z.int().positive(),
  at: instant,
  origin: z.enum(AUDIT_ORIGINS),
  actor: z.string().nullable().meta({
    description: 'Subject of the token, or user of the machine; null: nobody could be told.'
  }),
  role: z.string().nullable(),
  address: z.string().nullable().meta({
    description: 'Network address, or the host where the command ran; null: several.'
  }),
  action: z.string().meta({ description: 'In the words of the command line.' }),
  target: z.string().nullable().meta({ description: 'null: everything, or not told.' }),
  outcome: z.enum(AUDIT_OUTCOMES).meta({
    description:
      '`done` of work that goes on: it was accepted, and its job tells the rest. `refused`: nothing was begun.'
  }),
  code: errorCode.nullable(),
  requestId: z.string().nullable(),
  times: count.meta({ description: 'How many alike the entry stands for.' })
}).meta({ id: 'AuditEntry' })

export type AuditEntryView = z.infer<typeof auditEntrySchema>

export function presentAuditEntry (entry: AuditEntry): AuditEntryView {
  return {
    id: entry.id,
    at: entry.at.toISOString(),
    origin: entry.origin,
    actor: entry.actor,
    role: entry.role,
    address: entry.address,
    action: entry.action,
    target: entry.target,
    outcome: entry.outcome,
    code: entry.code,
    requestId: entry.requestId,
    times: entry.times
  }
}
