import type { Catalog } from '../../core/catalog/catalog.ts'
import type { Job, JobLogEntry, JobStatus } from '../../core/job.ts'
import type { Runner } from './runner.ts'

export interface JobQuery {
  readonly limit: number
  /** Only jobs with a smaller id. */
  readonly before?: number | undefined
  /** Default: every status. */
  readonly status?: JobStatus | undefined
}

export interface JobPage {
  /** Newest first. */
  readonly jobs: readonly Job[]
  /** `before` of the next page; null: this is the last. */
  readonly next: number | null
}

export interface JobVerbs {
  /** With the progress up to now, where it runs in this process. `JOB_NOT_FOUND`. */
  job(id: number): Promise<Job>
  /** Output of the commands that the job ran, oldest first. */
  jobOutput(id: number): Promise<readonly JobLogEntry[]>
  jobs(query: JobQuery): Promise<JobPage>
  /**
   * Asks the job to stop, and resolves once it has ended. `JOB_FINISHED` if it had ended before, `JOB_ELSEWHERE` if
   * another process runs it.
   */
  cancel(id: number): Promise<Job>
}

export function jobVerbs ({ runner, catalog }: {
  readonly runner: Runner
  readonly catalog: Pick<Catalog, 'jobs'>
}): JobVerbs {
  return {
    job: async id => runner.live(id) ?? await catalog.jobs.get(id),
    jobOutput: id => catalog.jobs.log(id),
    async jobs (query) {
      const page = await catalog.jobs.list(query)
      return { ...page, jobs: page.jobs.map(job => runner.live(job.id) ?? job) }
    },
    cancel: id => runner.cancel(id)
  }
}
