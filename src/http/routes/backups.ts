import type { Clock } from '../../core/clock.ts'
import type { Engine } from '../../engine/engine.ts'
import type { ResponseCache } from '../response-cache.ts'
import { presentBackup, presentListed } from '../../present/backup.ts'
import { presentStatistics } from '../../present/statistics.ts'
import { route, type App } from '../route.ts'
import { backupAnswer, backupDetailAnswer, backupListAnswer, backupListQuery, editBody } from '../schemas/backup.ts'
import { formatCursor, idParams } from '../schemas/common.ts'
import { statisticsAnswer } from '../schemas/statistics.ts'

/** Reading backups, and editing what people say about one. The two that are polled come from `pages`. */
export function backupRoutes (
  app: App,
  { engine, clock, responses }: {
    readonly engine: Pick<Engine, 'backup' | 'backups' | 'edit' | 'statistics' | 'verifications'>
    readonly clock: Clock
    readonly responses: ResponseCache
  }
): void {
  const statistics = async (): Promise<string> =>
    String(
      await responses.body('statistics', async () =>
        JSON.stringify(presentStatistics(await engine.statistics(), clock.now())))
    )

  app.get(
    '/api/backups',
    route('viewer', {
      operationId: 'listBackups',
      tag: 'backups',
      summary: 'List backups, newest first',
      answers: { 200: backupListAnswer }
    }, { querystring: backupListQuery }),
    (request, reply) => {
      const { query } = request
      reply.type('application/json; charset=utf-8')
      return responses.body(`list ${JSON.stringify(query)}`, async () => {
        const { cursor: before, ...filters } = query
        const [page, totals] = await Promise.all([engine.backups({ ...filters, before }), statistics()])
        const nextCursor = page.next === null ? null : formatCursor(page.next)
        return `{"success":true,"backups":${
          JSON.stringify(page.backups.map(presentListed))
        },"statistics":${totals},"count":${page.count},"nextCursor":${JSON.stringify(nextCursor)}}`
      })
    }
  )

  app.get(
    '/api/backups/stats',
    route('viewer', {
      operationId: 'getStatistics',
      tag: 'backups',
      summary: 'Get totals and statistics of each source',
      answers: { 200: statisticsAnswer }
    }),
    (_request, reply) => {
      reply.type('application/json; charset=utf-8')
      return responses.body('stats', async () => `{"success":true,"statistics":${await statistics()}}`)
    }
  )

  app.get(
    '/api/backups/:id',
    route('viewer', {
      operationId: 'getBackup',
      tag: 'backups',
      summary: 'Get a backup with the history of its verifications',
      answers: { 200: backupDetailAnswer },
      errors: ['BACKUP_NOT_FOUND']
    }, { params: idParams }),
    async ({ params: { id } }) => {
      const backup = await engine.backup(id)
      const history = await engine.verifications(id)
      return {
        success: true,
        backup: presentBackup(backup),
        verifications: history.map(({ checkedAt, verification: { valid, checks } }) => ({
          checkedAt: checkedAt.toISOString(),
          valid,
          checks
        }))
      }
    }
  )

  app.patch(
    '/api/backups/:id',
    route('operator', {
      operationId: 'updateBackup',
      tag: 'backups',
      summary: 'Change the description of a backup, or pin it',
      action: 'backup edit',
      description:
        'Only an admin can unpin or change a pinned backup. An operator can pin at most `maxBackups` manual backups.',
      answers: { 200: backupAnswer },
      errors: ['BACKUP_NOT_FOUND', 'BACKUP_DELETED', 'TOO_MANY_PINNED']
    }, { params: idParams, body: editBody }),
    async ({ params: { id }, body, caller }) => {
      return {
        success: true,
        backup: presentBackup(await engine.edit(id, { ...body, keepsPinned: caller?.role !== 'admin' }))
      }
    }
  )
}
