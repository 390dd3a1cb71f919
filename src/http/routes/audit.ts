import type { AuditLog } from '../../core/catalog/audit.ts'
import { presentAuditEntry } from '../../present/audit.ts'
import { route, type App } from '../route.ts'
import { auditListAnswer, auditListQuery } from '../schemas/audit.ts'
import { formatCursor } from '../schemas/common.ts'

export function auditRoute (app: App, { audit }: { readonly audit: Pick<AuditLog, 'list'> }): void {
  app.get(
    '/api/audit',
    route('admin', {
      operationId: 'listAuditEntries',
      tag: 'audit',
      summary: 'List the audit log of the API and the command line, newest first',
      action: 'audit',
      answers: { 200: auditListAnswer }
    }, { querystring: auditListQuery }),
    async ({ query: { cursor: before, ...query } }) => {
      const { entries, next } = await audit.list({ ...query, before })
      return {
        success: true,
        entries: entries.map(presentAuditEntry),
        nextCursor: next === null ? null : formatCursor(next)
      }
    }
  )
}
