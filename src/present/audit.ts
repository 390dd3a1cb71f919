import { z } from 'zod'
import { AUDIT_ORIGINS, AUDIT_OUTCOMES, type AuditEntry } from '../core/catalog/audit.ts'
import { count, errorCode, instant } from './common.ts'

export const auditEntrySchema = z.object({
  id: z.int().positive(),
  at: instant,
  origin: z.enum(AUDIT_ORIGINS),
  actor: z.string().nullable().meta({
    description: 'Subject of the token, or operating system user; null: unknown.'
  }),
  role: z.string().nullable(),
  address: z.string().nullable().meta({
    description: 'Network address, or the host of the command; null: several.'
  }),
  action: z.string().meta({ description: 'The action, named like the command.' }),
  target: z.string().nullable().meta({ description: 'null: everything, or not given.' }),
  outcome: z.enum(AUDIT_OUTCOMES).meta({
    description:
      '`done` for a job that is still running: the job was accepted and has the result. `refused`: nothing was started.'
  }),
  code: errorCode.nullable(),
  requestId: z.string().nullable(),
  times: count.meta({ description: 'Number of identical actions in this entry.' })
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
