import type { FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { toBackupError } from '../../core/errors.ts'
import type { Job, JobKind } from '../../core/job.ts'
import type { JobVerbs } from '../../engine/jobs/verbs.ts'
import { presentJob, type JobView } from '../../present/job.ts'
import type { JobThroughput } from '../job-throughput.ts'
import { route, type App } from '../route.ts'
import { formatCursor, idParams } from '../schemas/common.ts'
import { jobAnswer, jobListAnswer, jobListQuery, jobMessageAnswer } from '../schemas/job.ts'
import type { Role } from '../roles.ts'

interface Deps {
  readonly engine: JobVerbs
  readonly throughput: JobThroughput
  /** Which role starts jobs of that kind. */
  readonly starterOf: (kind: JobKind) => Role
}

export function jobRoutes (app: App, { engine, throughput, starterOf }: Deps): void {
  const shown = (job: Job, { caller }: Pick<FastifyRequest, 'caller'>): JobView =>
    presentJob(job, throughput.of(job), { isContentShown: caller?.role === 'admin' })

  app.get(
    '/api/jobs',
    route('viewer', {
      operationId: 'listJobs',
      tag: 'jobs',
      summary: 'List jobs, newest first',
      answers: { 200: jobListAnswer }
    }, { querystring: jobListQuery }),
    async ({ query: { cursor: before, ...query }, caller }) => {
      const { jobs, next } = await engine.jobs({ ...query, before })
      return {
        success: true,
        jobs: jobs.map(job => shown(job, { caller })),
        nextCursor: next === null ? null : formatCursor(next)
      }
    }
  )

  app.get(
    '/api/jobs/:id',
    route('viewer', {
      operationId: 'getJob',
      tag: 'jobs',
      summary: 'Get the progress or result of a job',
      answers: { 200: jobAnswer },
      errors: ['JOB_NOT_FOUND']
    }, { params: idParams }),
    async ({ params: { id }, caller }) => {
      const log = await engine.jobOutput(id)
      return {
        success: true,
        job: {
          ...shown(await engine.job(id), { caller }),
          log: log.map(({ at, text }) => ({ at: at.toISOString(), text }))
        }
      }
    }
  )

  app.delete(
    '/api/jobs/:id',
    route('operator', {
      operationId: 'cancelJob',
      tag: 'jobs',
      summary: 'Cancel a job',
      action: 'job cancel',
      description: 'Responds when the job has ended; a job that was almost finished may still succeed.',
      needs: {
        says: 'Jobs that only an admin can start, such as a restore, require admin.',
        role: ({ params }) => roleToCancel((params as z.infer<typeof idParams>).id)
      },
      answers: { 200: jobMessageAnswer },
      errors: ['JOB_NOT_FOUND', 'JOB_FINISHED', 'JOB_ELSEWHERE']
    }, { params: idParams }),
    async ({ params: { id }, caller }) => {
      const job = await engine.cancel(id)
      return {
        success: true,
        message: job.status === 'cancelled' ? 'Job cancelled' : `Job ${job.status} before it could be cancelled`,
        job: shown(job, { caller })
      }
    }
  )

  /** A job that there is not is for the route itself to name. */
  async function roleToCancel (id: number): Promise<Role> {
    try {
      return starterOf((await engine.job(id)).kind)
    } catch (thrown) {
      if (toBackupError(thrown).code === 'JOB_NOT_FOUND') return 'operator'
      throw thrown
    }
  }
}
