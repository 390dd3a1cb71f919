import type { AlertLog } from '../../core/alert/alert.ts'
import { presentAlert } from '../../present/alert.ts'
import { route, type App } from '../route.ts'
import { alertListAnswer, alertListQuery } from '../schemas/alert.ts'
import { formatCursor } from '../schemas/common.ts'

export function alertRoutes (app: App, { alerts }: { readonly alerts: Pick<AlertLog, 'list'> }): void {
  app.get(
    '/api/alerts',
    route('viewer', {
      operationId: 'listAlerts',
      tag: 'service',
      summary: 'List open alerts with their remedies, newest first',
      answers: { 200: alertListAnswer }
    }, { querystring: alertListQuery }),
    async ({ query: { cursor: before, ...query } }) => {
      const page = await alerts.list({ ...query, before })
      return {
        success: true,
        alerts: page.alerts.map(presentAlert),
        nextCursor: page.next === null ? null : formatCursor(page.next)
      }
    }
  )
}
