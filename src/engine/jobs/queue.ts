import { BackupError } from '../../core/errors.ts'

/** Jobs that callers may have waiting: in all, and of one source. */
export interface QueueLimits {
  readonly all: number
  readonly perSource: number
}

/** Counts the jobs that wait, so that no caller makes the line endless. */
export class Queue {
  readonly #limits: QueueLimits
  readonly #of = new Map<string | null, number>()
  #all = 0

  constructor (limits: QueueLimits) {
    this.#limits = limits
  }

  /**
   * Counts one more job of the source; `null` is work of no single source. Returns what to call, once or more often,
   * when it waits no longer. Throws `QUEUE_FULL`.
   */
  enter (source: string | null): () => void {
    const waiting = this.#of.get(source) ?? 0
    if (waiting >= this.#limits.perSource) {
      throw full(
        source === null ? `${waiting} jobs without a single source` : `${waiting} jobs of the source "${source}"`,
        'MAX_QUEUED_JOBS_PER_SOURCE'
      )
    }
    if (this.#all >= this.#limits.all) throw full(`${this.#all} jobs`, 'MAX_QUEUED_JOBS')
    this.#of.set(source, waiting + 1)
    this.#all++
    let isOut = false
    return () => {
      if (isOut) return
      isOut = true
      this.#all--
      const left = (this.#of.get(source) ?? 0) - 1
      if (left <= 0) this.#of.delete(source)
      else this.#of.set(source, left)
    }
  }
}

function full (waiting: string, option: string): BackupError {
  return new BackupError('QUEUE_FULL', `${waiting} are already queued`, {
    hint: `Retry when some of them have ended, cancel queued jobs, or raise ${option}.`
  })
}
