import type { StatusVerbs } from '../../engine/status/verbs.ts'
import { presentRun } from '../../present/run.ts'
import { route, type App } from '../route.ts'
import { formatCursor } from '../schemas/common.ts'
import { runListAnswer, runListQuery } from '../schemas/run.ts'

export function runRoute (app: App, { engine }: { readonly engine: StatusVerbs }): void {
  app.get(
    '/api/runs',
    route('viewer', {
      operationId: 'listRuns',
      tag: 'jobs',
      summary: 'What fell due by the schedules, and what came of it, newest first',
      description:
        'Each time at which a rule falls due has one run; it ends as `done`, as `failed`, or as `skipped` with a reason.',
      answers: { 200: runListAnswer }
    }, { querystring: runListQuery }),
    async ({ query: { cursor: before, ...query } }) => {
      const { runs, next } = await engine.runs({ ...query, before })
      return { success: true, runs: runs.map(presentRun), nextCursor: next === null ? null : formatCursor(next) }
    }
  )
}
