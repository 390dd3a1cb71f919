import type { Work } from '../../../src/core/job.ts'
import type { JobRequest, Runner } from '../../../src/engine/jobs/runner.ts'
import { until } from '../streams.ts'

/** Starts a job of the source that holds nothing and goes on until it is cancelled. */
export async function endless (
  runner: Runner,
  source: string,
  request: Pick<JobRequest, 'isUrgent'> = {}
): Promise<Work<void>> {
  const work = await runner.start(
    { kind: 'verify', source, backupId: null, locks: [], ...request },
    async ({ signal }) => {
      while (!signal.aborted) {
        await new Promise<void>(resolve => {
          signal.addEventListener('abort', () => {
            resolve()
          })
        })
      }
    }
  )
  work.result.catch(() => {})
  return work
}

/** The same; resolves once the job is running. */
export async function running (runner: Runner, source: string): Promise<Work<void>> {
  const work = await endless(runner, source)
  await until(() => runner.live(work.job.id)?.status === 'running')
  return work
}
