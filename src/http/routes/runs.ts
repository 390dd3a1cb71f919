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
      summary: 'List scheduled runs and their outcomes, newest first',
      description: 'Each due time of a rule has one run, which ends as `done`, `failed`, or `skipped` with a reason.',
      answers: { 200: runListAnswer }
    }, { querystring: runListQuery }),
    async ({ query: { cursor: before, ...query } }) => {
      const { runs, next } = await engine.runs({ ...query, before })
      return { success: true, runs: runs.map(presentRun), nextCursor: next === null ? null : formatCursor(next) }
    }
  )
}
