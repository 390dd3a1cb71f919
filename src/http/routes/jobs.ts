import type { Engine } from '../../engine/engine.ts'
import { presentJob } from '../../present/job.ts'
import type { Rates } from '../rates.ts'
import { route, type App } from '../route.ts'
import { formatCursor, idParams } from '../schemas/common.ts'
import { jobAnswer, jobListAnswer, jobListQuery, jobMessageAnswer } from '../schemas/job.ts'

export function jobRoutes (app: App, { engine, rates }: { readonly engine: Engine, readonly rates: Rates }): void {
  app.get('/api/jobs', route('viewer', {
    tag: 'jobs',
    summary: 'Running and recent work, newest first',
    answers: { 200: jobListAnswer }
  }, { querystring: jobListQuery }), async ({ query: { cursor: before, ...query } }) => {
    const { jobs, next } = await engine.jobs({ ...query, before })
    return { success: true, jobs: jobs.map(job => presentJob(job, rates.of(job))), nextCursor: next === null ? null : formatCursor(next) }
  })

  app.get('/api/jobs/:id', route('viewer', {
    tag: 'jobs',
    summary: 'How far a job is, or how it ended',
    answers: { 200: jobAnswer },
    errors: ['JOB_NOT_FOUND']
  }, { params: idParams }), async ({ params: { id } }) => {
    const job = await engine.job(id)
    return { success: true, job: presentJob(job, rates.of(job)) }
  })

  app.delete('/api/jobs/:id', route('operator', {
    tag: 'jobs',
    summary: 'Cancel a job',
    action: 'job cancel',
    description: 'Answers once it has ended; one that was all but done may still succeed.',
    answers: { 200: jobMessageAnswer },
    errors: ['JOB_NOT_FOUND', 'JOB_FINISHED', 'JOB_ELSEWHERE']
  }, { params: idParams }), async ({ params: { id } }) => {
    const job = await engine.cancel(id)
    return { success: true, message: job.status === 'cancelled' ? 'Job cancelled' : `Job ${job.status} before it could be cancelled`, job: presentJob(job, null) }
  })
}
