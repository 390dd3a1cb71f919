import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Work } from '../core/job.ts'
import { presentJob } from '../present/job.ts'

/**
 * Answers with what the work comes to, or at once with its job where the caller said `Prefer: respond-async`. The
 * work goes on whether anybody waits or not: a caller that hangs up stops nothing.
 */
export async function respondWithJob<T> (
  request: FastifyRequest,
  reply: FastifyReply,
  work: Work<T>,
  present: (result: T) => object
): Promise<object> {
  if (!prefersAsync(request.headers.prefer)) return present(await work.result)
  reply.code(202).header('location', `/api/jobs/${work.job.id}`).header('preference-applied', 'respond-async')
  return { success: true, job: presentJob(work.job, null) }
}

/** `Prefer: respond-async, wait=10`: a list of preferences, each perhaps with parameters. */
function prefersAsync (header: string | string[] | undefined): boolean {
  return [header ?? []].flat().join(',').split(',').some(part =>
    part.split(';')[0]?.trim().toLowerCase() === 'respond-async'
  )
}
