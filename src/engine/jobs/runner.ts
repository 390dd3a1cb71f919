import type { Catalog } from '../../core/catalog/catalog.ts'
import type { Clock } from '../../core/clock.ts'
import { BackupError, toBackupError } from '../../core/errors.ts'
import type { EventSink } from '../../core/event.ts'
import {
  isFinished,
  type Job,
  type JobKind,
  type JobPhase,
  type JobProgress,
  type Work,
  type Task
} from '../../core/job.ts'
import { conflict, Locks, type LockHandle } from './locks.ts'
import { Queue, type QueueLimits } from './queue.ts'
import { Slots, type Slot } from './slots.ts'
import { workOf } from './work.ts'

/** Milliseconds between two tellings of the progress of one job. */
const TELL_EVERY = 250

export interface JobRequest {
  readonly kind: JobKind
  readonly source: string | null
  readonly backupId: number | null
  /** What the work must have for itself; see `Locks`. */
  readonly locks: readonly string[]
  /** It takes no slot among those that run at once: it waits for others more than it works, such as for a network. */
  readonly skipsQueue?: boolean
  /**
   * The service itself starts it, as the scheduler and the copier do, and never more than a few for each source: no
   * limit of the queue refuses it, it counts for none, and it comes before the jobs of callers of its source.
   */
  readonly isOwn?: boolean
  /**
   * An admin brings data back, and somebody waits for it: it takes the next slot before jobs of any source, however
   * many jobs of its own source run. The limits of the queue count such jobs by themselves, so that no other job has
   * one refused.
   */
  readonly isUrgent?: boolean
}

interface Running {
  job: Job
  toldAt: number
  readonly skipsQueue: boolean
  readonly isOwn: boolean
  readonly isUrgent: boolean
  /** It has not begun yet. */
  isWaiting: boolean
  /** Among those that run at once. */
  slot: Slot | undefined
  readonly leaveQueue: () => void
  readonly abort: AbortController
  readonly settled: Promise<unknown>
}

export interface RunnerOptions {
  readonly catalog: Pick<Catalog, 'jobs' | 'leases'>
  readonly clock: Clock
  readonly events: EventSink
  readonly maxConcurrent: number
  readonly maxQueued: QueueLimits
}

/** Runs pieces of work as jobs: at most so many at once, each holding what it needs, all of them cancellable. */
export class Runner {
  readonly locks: Locks
  readonly #options: RunnerOptions
  readonly #running = new Map<number, Running>()
  readonly #slots: Slots
  readonly #queue: Queue
  /** Of urgent jobs alone. */
  readonly #urgent: Queue
  #changes = 0
  #isStopping = false

  constructor (options: RunnerOptions) {
    this.#options = options
    this.#slots = new Slots(options.maxConcurrent, options.clock)
    this.#queue = new Queue(options.maxQueued)
    this.#urgent = new Queue(options.maxQueued)
    this.locks = new Locks(options.catalog.leases, options.clock)
  }

  /** Changes whenever a job begins or ends. */
  get changes (): number {
    return this.#changes
  }

  /**
   * Takes what the request holds and puts the work in line. Rejects, having done nothing, with `BACKUP_IN_PROGRESS` or
   * `BACKUP_BUSY` where something is held by another job, with `QUEUE_FULL` where too much waits already, and with
   * `SHUTTING_DOWN`.
   */
  async start<T> (request: JobRequest, work: (task: Task) => Promise<T>): Promise<Work<T>> {
    this.#requireUp()
    const { source, skipsQueue = false, isUrgent = false, isOwn = false } = request
    const localLock = this.locks.lockHere(request.locks)
    let leaveQueue = (): void => {}
    let job: Job
    try {
      if (!isOwn) leaveQueue = (isUrgent ? this.#urgent : this.#queue).enter(source)
      job = await this.#add(request)
    } catch (error) {
      leaveQueue()
      localLock.release()
      throw error
    }
    localLock.ownedBy(job.id)
    const abort = new AbortController()
    const outcome = Promise.withResolvers<T>()
    const settled = outcome.promise.then(() => {}, () => {})
    const running: Running = {
      job,
      toldAt: 0,
      skipsQueue,
      isOwn,
      isUrgent,
      isWaiting: !skipsQueue,
      slot: undefined,
      leaveQueue,
      abort,
      settled
    }
    this.#running.set(job.id, running)
    // The end may have come while it was written down.
    if (this.#isStopping) abort.abort(stopped())
    this.#changes++
    this.#tell(job)
    void this.#run(running, work, abort.signal).finally(() => {
      localLock.release()
    }).then(outcome.resolve, outcome.reject)
    return workOf(job, outcome.promise)
  }

  /**
   * Takes more for a job that is running, after waiting for whoever is in the way. It gives up its slot meanwhile, for
   * whoever is in the way may be waiting for one.
   */
  async lockWhenFree (names: readonly string[], { jobId, signal }: Task): Promise<LockHandle> {
    signal.throwIfAborted()
    const lock = await this.locks.tryLock(names, jobId)
    if (lock !== undefined) return lock
    const running = this.#running.get(jobId)
    if (running?.slot === undefined) return await this.locks.lockWhenFree(names, jobId, signal)
    running.slot.leave()
    const locked = await this.locks.lockWhenFree(names, jobId, signal)
    try {
      await this.#takeSlot(running, signal)
      return locked
    } catch (aborted) {
      await locked.release()
      throw aborted
    }
  }

  /**
   * Between two parts of a long job: whoever waits for a slot has its turn, and the job goes on when it has its own
   * again.
   */
  async takeTurns ({ jobId, signal }: Task): Promise<void> {
    const running = this.#running.get(jobId)
    if (running?.slot === undefined) return
    running.slot.leave()
    await this.#takeSlot(running, signal)
  }

  /** The job with its progress up to now, if it is under way. */
  live (id: number): Job | undefined {
    return this.#running.get(id)?.job
  }

  /**
   * Asks the job to stop and resolves once it has. `JOB_FINISHED` where it had ended, `JOB_ELSEWHERE` where it is not
   * this process that runs it.
   */
  async cancel (id: number): Promise<Job> {
    const running = this.#running.get(id)
    if (running === undefined) {
      const job = await this.#options.catalog.jobs.get(id)
      if (!isFinished(job)) {
        throw new BackupError('JOB_ELSEWHERE', `job ${id} runs in another process`, {
          hint: 'Stop the command that runs it with Ctrl-C.'
        })
      }
      throw new BackupError('JOB_FINISHED', `job ${id} has already finished as "${job.status}"`, {
        hint: 'No action is needed.'
      })
    }
    running.abort.abort(
      new BackupError('CANCELLED', 'the job was cancelled', { hint: 'Start the job again if you still need it.' })
    )
    await running.settled
    return await this.#options.catalog.jobs.get(id)
  }

  /**
   * Takes no new work, ends what has not begun, and lets what runs go on for `grace` milliseconds before it is
   * cancelled too; resolves when all has ended.
   */
  async stop (grace: number): Promise<void> {
    this.#isStopping = true
    for (const { abort, isWaiting } of this.#running.values()) if (isWaiting) abort.abort(stopped())
    const all = (): Promise<unknown> => Promise.all([...this.#running.values()].map(running => running.settled))
    const patience = new AbortController()
    const timeout = this.#options.clock.sleep(grace, patience.signal).catch(() => {})
    await Promise.race([all(), timeout])
    patience.abort()
    for (const { abort } of this.#running.values()) abort.abort(stopped())
    await all()
  }

  #requireUp (): void {
    if (this.#isStopping) {
      throw new BackupError('SHUTTING_DOWN', 'the service is stopping and accepts no new jobs', {
        hint: 'Retry when the service is running again.'
      })
    }
  }

  async #add ({ kind, source, backupId, locks }: JobRequest): Promise<Job> {
    const added = await this.#options.catalog.jobs.add({
      kind,
      source,
      backupId,
      leases: locks,
      createdAt: this.#options.clock.now()
    })
    if ('lease' in added) throw conflict(added.lease.name, added.lease.jobId)
    return added.job
  }

  async #run<T> (running: Running, work: (task: Task) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { job: { id }, skipsQueue } = running
    try {
      if (!skipsQueue) await this.#takeSlot(running, signal)
      try {
        signal.throwIfAborted()
        await this.#change(id, { status: 'running' })
        const result = await work(this.#task(id, signal))
        await this.#change(id, { status: 'succeeded', phase: 'done' })
        return result
      } finally {
        running.slot?.leave()
      }
    } catch (thrown) {
      const error = toBackupError(signal.aborted ? signal.reason : thrown)
      // Where even that cannot be written down, the caller hears of the first error, and the next start of the service
      // ends the job's row.
      await this.#change(id, { status: error.code === 'CANCELLED' ? 'cancelled' : 'failed', error }).catch(() => {})
      throw error
    } finally {
      running.leaveQueue()
      this.#running.delete(id)
      this.#changes++
    }
  }

  /** Rejects, without a slot, when it is aborted. */
  async #takeSlot (running: Running, signal: AbortSignal): Promise<void> {
    running.slot = undefined
    const onTaken = (slot: Slot): void => {
      running.slot = slot
      running.isWaiting = false
      running.leaveQueue()
    }
    await this.#slots.take(running.job.source, {
      isFirst: running.isOwn,
      isUrgent: running.isUrgent,
      onTaken
    }, signal)
  }

  #task (id: number, signal: AbortSignal): Task {
    return {
      jobId: id,
      signal,
      phase: (phase, bytesTotal = null) => {
        this.#progress(id, { phase, bytesDone: 0, bytesTotal }, true)
      },
      bytes: done => {
        const running = this.#running.get(id)
        if (running !== undefined) this.#progress(id, { ...running.job.progress, bytesDone: done }, false)
      },
      setBackup: backupId => {
        const running = this.#running.get(id)
        if (running !== undefined) running.job = { ...running.job, backupId }
      }
    }
  }

  #progress (id: number, progress: JobProgress, atOnce: boolean): void {
    const running = this.#running.get(id)
    if (running === undefined) return
    running.job = { ...running.job, progress }
    running.slot?.moved()
    const now = this.#options.clock.now().getTime()
    if (!atOnce && Math.abs(now - running.toldAt) < TELL_EVERY) return
    running.toldAt = now
    this.#tell(running.job)
  }

  async #change (
    id: number,
    change: { readonly status: Job['status'], readonly phase?: JobPhase, readonly error?: BackupError }
  ): Promise<void> {
    const running = this.#running.get(id)
    if (running === undefined || isFinished(running.job)) return
    const { status, phase, error } = change
    const progress = phase === undefined ? running.job.progress : { ...running.job.progress, phase }
    const failure = error === undefined ? {} : { errorCode: error.code, errorMessage: error.message }
    running.job = await this.#options.catalog.jobs.change(id, {
      status,
      at: this.#options.clock.now(),
      progress,
      backupId: running.job.backupId,
      ...failure
    })
    this.#tell(running.job)
  }

  #tell (job: Job): void {
    this.#options.events.emit({ type: 'job.updated', job })
  }
}

function stopped (): BackupError {
  return new BackupError('SHUTTING_DOWN', 'the service was stopped before the job finished', {
    hint: 'Start the job again when the service is running.'
  })
}
