import type { Clock } from '../core/clock.ts'
import type { Event } from '../core/event.ts'
import { isFinished, type Job, type JobPhase } from '../core/job.ts'

interface Phase {
  readonly phase: JobPhase
  readonly since: number
}

/** How fast running jobs go: it watches when each entered its present phase, and forgets a job that ended. */
export class JobThroughput {
  readonly #clock: Clock
  readonly #phases = new Map<number, Phase>()

  constructor (clock: Clock) {
    this.#clock = clock
  }

  watch (event: Event): void {
    if (event.type !== 'job.updated') return
    const { id, progress: { phase } } = event.job
    if (isFinished(event.job)) this.#phases.delete(id)
    else if (this.#phases.get(id)?.phase !== phase) this.#phases.set(id, { phase, since: this.#clock.now().getTime() })
  }

  /** Bytes a second in the present phase; null where nothing is known. */
  of (job: Job): number | null {
    const known = this.#phases.get(job.id)
    if (known?.phase !== job.progress.phase) return null
    const seconds = (this.#clock.now().getTime() - known.since) / 1000
    return seconds > 0 ? Math.round(job.progress.bytesDone / seconds) : null
  }
}
