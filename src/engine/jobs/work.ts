import type { Job, Work } from '../../core/job.ts'

/**
 * A piece of work whose outcome may be awaited or not. A rejection that nothing waits for would end the process, so the
 * outcome counts as observed from the beginning: the job's row records it in any case.
 */
export function workOf<T> (job: Job, result: Promise<T>): Work<T> {
  result.catch(() => {})
  return { job, result }
}

/** The same job with a further step behind it, which is not part of the job. */
export function followed<T, U> ({ job, result }: Work<T>, next: (done: T) => Promise<U>): Work<U> {
  return workOf(job, result.then(next))
}
