import { z } from 'zod'
import type { Engine } from '../../engine/engine.ts'
import { evidenceSchema, presentEvidence } from '../../present/drill-evidence.ts'
import { drillPage, PAGE_POLICY } from '../../present/drill-page.ts'
import { drillMessage, presentDrill } from '../../present/drill.ts'
import { route, type App } from '../route.ts'
import { idParams } from '../schemas/common.ts'
import { drillAnswer, evidenceQuery, oneRestoreAnswer } from '../schemas/drill.ts'
import { jobAnswer } from '../schemas/job.ts'
import { respondWithJob } from '../work.ts'

/** Trying out that backups restore, and the evidence of it. */
export function drillRoutes (
  app: App,
  { engine }: { readonly engine: Pick<Engine, 'drill' | 'drillEvidence' | 'restoreById'> }
): void {
  app.post(
    '/api/backups/:id/drill',
    route('operator', {
      operationId: 'drillBackup',
      tag: 'backups',
      action: 'drill',
      summary: 'Test the restore of a backup',
      description:
        'Restores the backup into scratch space, verifies it there, checks the assertions of its source, and removes it again. `success` is true if the drill ran, whatever its result; see `drill.status`.',
      starts: 'drill',
      answers: { 200: drillAnswer, 202: jobAnswer },
      errors: [
        'BACKUP_NOT_FOUND',
        'BACKUP_NOT_COMPLETED',
        'BACKUP_DELETED',
        'BACKUP_BUSY',
        'CANCELLED',
        'SHUTTING_DOWN'
      ]
    }, { params: idParams }),
    async (request, reply) => {
      const work = await engine.drill({ id: request.params.id, actor: request.caller?.token.subject ?? 'unnamed' })
      return respondWithJob(
        request,
        reply,
        work,
        drill => ({ success: true, message: drillMessage(drill), drill: presentDrill(drill) })
      )
    }
  )

  app.get(
    '/api/restores/:id',
    route('viewer', {
      operationId: 'getRestore',
      tag: 'backups',
      summary: 'Get a restore or drill with its findings',
      answers: { 200: oneRestoreAnswer },
      errors: ['RESTORE_NOT_FOUND']
    }, { params: idParams }),
    async ({ params }) => ({ success: true, restore: presentDrill(await engine.restoreById(params.id)) })
  )

  app.get(
    '/api/drills/report',
    route('viewer', {
      operationId: 'getDrillReport',
      tag: 'backups',
      summary: 'Get the evidence of drills for auditors',
      description:
        'As JSON, or as a printable page with `format=html` or an `Accept` header for HTML. Default of `since`: 90 days before `until`.',
      answers: {
        200: {
          description: 'The drills with time, user and result.',
          content: {
            'application/json': { schema: z.object({ success: z.literal(true), report: evidenceSchema }) },
            'text/html': { schema: z.string() }
          }
        }
      },
      errors: ['SOURCE_NOT_FOUND']
    }, { querystring: evidenceQuery }),
    async ({ query: { format, ...query }, headers }, reply) => {
      const report = presentEvidence(await engine.drillEvidence(query))
      const isPage = (format ?? (headers.accept?.includes('text/html') === true ? 'html' : 'json')) === 'html'
      if (!isPage) return { success: true as const, report }
      reply.type('text/html; charset=utf-8').header('content-security-policy', PAGE_POLICY)
      return drillPage(report)
    }
  )
}
