import type { RetentionVerbs } from '../../engine/retention/verbs.ts'
import { presentCopyDecision, presentDecision } from '../../present/decision.ts'
import { route, type App } from '../route.ts'
import { jobAnswer } from '../schemas/job.ts'
import { pruneAnswer, pruneBody } from '../schemas/prune.ts'
import { respondWithJob } from '../work.ts'

export function pruneRoute (app: App, { engine }: { readonly engine: RetentionVerbs }): void {
  app.post(
    '/api/backups/prune',
    route('admin', {
      operationId: 'pruneBackups',
      tag: 'backups',
      summary: 'Remove the backups that no retention rule keeps, or only list them',
      action: 'backup prune',
      starts: 'prune',
      answers: { 200: pruneAnswer, 202: jobAnswer },
      errors: ['SOURCE_NOT_FOUND', 'BACKUP_IN_PROGRESS', 'BACKUP_BUSY', 'PRUNE_REFUSED', 'CANCELLED', 'SHUTTING_DOWN']
    }, { body: pruneBody }),
    async (request, reply) => {
      request.onlyAsks = request.body.dryRun
      const work = await engine.prune(request.body)
      return respondWithJob(request, reply, work, ({ dryRun, decisions, copies, removed, refused }) => ({
        success: true,
        message: dryRun
          ? `${decisions.filter(({ keep }) => !keep).length} backups would be removed`
          : `${removed.length} backups were removed`,
        dryRun,
        decisions: decisions.map(presentDecision),
        copies: copies.map(presentCopyDecision),
        refused: refused.map(one => ({ ...one })),
        removed: removed.map(({ id }) => id)
      }))
    }
  )
}
