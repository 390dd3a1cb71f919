import { schedule, type ScheduledTask } from 'node-cron'
import type { Clock } from '../core/clock.ts'
import { BackupError, toBackupError } from '../core/errors.ts'
import type { Event, EventSink, Listener } from '../core/event.ts'
import type { Work } from '../core/job.ts'
import type { Logger } from '../core/logger.ts'
import type { Restore } from '../core/restore/restore.ts'
import { isEnded, type Run, type RunBook, type RunChange, type RunChanges, type RunLog } from '../core/schedule/run.ts'
import type { Calendar } from '../core/schedule/schedule.ts'
import type { Engine } from '../engine/engine.ts'
import type { SourceState } from '../engine/status/sources.ts'
import { chooseRuns } from './choose.ts'
import { cronLogger } from './cron-logger.ts'
import { lostOutcome } from './lost.ts'
import { afterFailure, afterSuccess, isInTheWay, share } from './outcome.ts'
import { nextLook, planRuns } from './plan.ts'
import { scheduledRules, type CalendarTiming } from './rules.ts'

/** A clock that is set back by no more has been put right, and what it had reached already stays done. Milliseconds. */
const PUT_RIGHT = 3_600_000
/** A change of the catalog by another process takes effect within so long. Milliseconds. */
const FOREIGN = 5000
/** Events after which something can be due earlier than it seemed. */
const STIRRING: ReadonlySet<Event['type']> = new Set(['run.ended', 'settings.changed'])

export interface SchedulerOptions {
  readonly engine: Pick<Engine, 'backups' | 'create' | 'drill' | 'job' | 'prune' | 'restores' | 'sources'>
  readonly runs: RunLog
  /** The version of the catalog: it changes with each change by any process. */
  readonly version: () => string
  readonly calendar: Calendar
  readonly housekeep: () => Promise<void>
  readonly events: EventSink
  readonly clock: Clock
  readonly logger: Logger
  /** When to remove what the retention rules do not keep; null: never by itself. */
  readonly prune: CalendarTiming | null
  /** Each source begins its runs later than they are due by a time of its own, up to this. Milliseconds. */
  readonly jitterMs: number
}

/** A time over which nothing falls due as long as the catalog stays as it is. Milliseconds since 1970. */
interface Lull {
  readonly from: number
  readonly until: number
  readonly version: string
  /** The events that had stirred by its beginning. */
  readonly stirred: number
}

/**
 * Checks every second which runs are due. The ticks come from node-cron; the due times come from the catalog, so that a
 * lost tick loses nothing, and every run that was due ends in a row there. While nothing can be due a tick costs
 * nothing.
 */
export class Scheduler {
  readonly #options: SchedulerOptions
  /** Runs that this process has begun, by id, until what came of them is written down. */
  readonly #underWay = new Map<number, Promise<void>>()
  #tasks: ScheduledTask[] = []
  #lull: Lull | undefined
  /** How many events have stirred so far. */
  #stirred = 0

  constructor (options: SchedulerOptions) {
    this.#options = options
  }

  /** To subscribe with. */
  readonly listener: Listener = ({ type }) => {
    if (STIRRING.has(type)) this.#stirred++
  }

  start (): void {
    const options = {
      noOverlap: true,
      timezone: 'UTC',
      suppressMissedWarning: true,
      logger: cronLogger(this.#options.logger)
    }
    this.#tasks = [
      schedule('* * * * * *', () => this.look(), { ...options, name: 'due runs' }),
      schedule('30 * * * * *', () => this.#tidy(), { ...options, name: 'housekeeping' })
    ]
  }

  /** Begins nothing more. What is under way goes on; see `settled`. */
  async stop (): Promise<void> {
    for (const task of this.#tasks) await task.destroy()
    this.#tasks = []
  }

  /** Resolves once all that was begun has ended, and that is written down. */
  async settled (): Promise<void> {
    await Promise.all(this.#underWay.values())
  }

  /** A tick, unless nothing can have fallen due since the last one. Never rejects. */
  async look (): Promise<void> {
    if (!this.#isQuiet()) await this.tick()
  }

  #isQuiet (): boolean {
    if (this.#lull === undefined) return false
    const { from, until, version, stirred } = this.#lull
    const now = this.#options.clock.now().getTime()
    return stirred === this.#stirred && now >= from && now < until && (now - from < FOREIGN || this.#isVersion(version))
  }

  /** A catalog that cannot be asked is for the tick to report. */
  #isVersion (version: string): boolean {
    try {
      return this.#options.version() === version
    } catch {
      return false
    }
  }

  /** Begins what is due now, and resolves once it has been accepted; never rejects. */
  async tick (): Promise<void> {
    this.#lull = undefined
    try {
      const { engine, runs, clock, calendar, prune, version } = this.#options
      const [now, known, stirred] = [clock.now(), version(), this.#stirred]
      const sources = await engine.sources()
      const book = await this.#plan(await this.#settleLost(await this.#forgetFuture(await runs.book())), sources)
      const begun = await this.#beginDue(book, sources)
      const until = begun > 0 ? now.getTime() : nextLook(book, scheduledRules(sources, prune), { now, calendar })
      this.#lull = { from: now.getTime(), until, version: known, stirred }
    } catch (thrown) {
      const { code, message } = toBackupError(thrown)
      this.#options.logger.error({ code, err: thrown }, `the scheduler cannot determine the due runs: ${message}`)
    }
  }

  /** Times that a clock reached which ran ahead will come again, and are to be kept then. */
  async #forgetFuture (book: RunBook): Promise<RunBook> {
    const { runs, clock, logger } = this.#options
    const limit = new Date(clock.now().getTime() + PUT_RIGHT)
    if (![...book.newest, ...book.open].some(({ dueAt, status }) => dueAt > limit && status !== 'running')) return book
    const forgotten = await runs.forgetAfter(limit)
    logger.warn({ forgotten }, 'the clock was set back: runs dated in the future were removed')
    return await runs.book()
  }

  /**
   * Runs that are under way by the book, and in truth are not: the service ended, or could not write down how they
   * ended.
   */
  async #settleLost (book: RunBook): Promise<RunBook> {
    const { engine, runs, clock } = this.#options
    const lost = book.open.filter(({ id, status }) => status === 'running' && !this.#underWay.has(id))
    let isSettled = false
    for (const run of lost) {
      const change = await lostOutcome(engine, run, clock.now())
      if (change === undefined) continue
      this.#tell(await runs.change(run.id, change))
      isSettled = true
    }
    return isSettled ? await runs.book() : book
  }

  async #plan (book: RunBook, sources: readonly SourceState[]): Promise<RunBook> {
    const { runs, calendar, clock, prune, jitterMs } = this.#options
    const delay = (source: string | null): number => source === null ? 0 : Math.floor(share(source) * jitterMs)
    const changes = planRuns(book, scheduledRules(sources, prune), { now: clock.now(), calendar, delay })
    if (isNothing(changes)) return book
    for (const run of await runs.record(changes)) this.#tell(run)
    return await runs.book()
  }

  /** Returns how many runs came to an end or were begun. */
  async #beginDue ({ open }: RunBook, sources: readonly SourceState[]): Promise<number> {
    const { runs, clock } = this.#options
    const free = new Set(sources.filter(({ state }) => state !== 'busy').map(({ name }) => name))
    const { begin, covered } = chooseRuns(open, source => free.has(source), clock.now())
    if (covered.length > 0) {
      for (const run of await runs.record({ rules: [], dropped: [], added: [], changed: covered })) {
        this.#tell(run)
      }
    }
    for (const run of begin) await this.#begin(run)
    return begin.length + covered.length
  }

  async #begin (waiting: Run): Promise<void> {
    const { runs, clock, logger } = this.#options
    const begun = Promise.withResolvers<undefined>()
    this.#underWay.set(waiting.id, begun.promise.then(() => {}))
    let run = waiting
    try {
      run = await runs.change(waiting.id, {
        status: 'running',
        method: waiting.method,
        attempts: waiting.attempts + 1,
        nextAttemptAt: null,
        startedAt: clock.now()
      })
      const work = await this.#work(run)
      logger.info({ ...shown(run), jobId: work.job.id }, `scheduled ${run.kind} started`)
      this.#underWay.set(run.id, this.#follow(run, work))
    } catch (thrown) {
      if (run.status === 'running') await this.#failed(run, toBackupError(thrown), null)
      this.#underWay.delete(run.id)
      if (run.status !== 'running') throw thrown
    } finally {
      begun.resolve(undefined)
    }
  }

  async #work (run: Run): Promise<Work<{ readonly backupId: number | null }>> {
    const { engine } = this.#options
    if (run.source === null) {
      const { job, result } = await engine.prune({ dryRun: false, isScheduled: true })
      return { job, result: result.then(() => ({ backupId: null })) }
    }
    if (run.kind === 'drill') {
      const { job, result } = await engine.drill({ source: run.source, actor: null })
      return { job, result: result.then(requireTold) }
    }
    const { job, result } = await engine.create({
      source: run.source,
      type: 'scheduled',
      method: run.method,
      ...run.tier === null ? {} : { schedule: run.tier }
    })
    return { job, result: result.then(({ id }) => ({ backupId: id })) }
  }

  /** Waits for the end of the work and writes it down. Never rejects. */
  async #follow (run: Run, { job, result }: Work<{ readonly backupId: number | null }>): Promise<void> {
    const { engine, clock, logger } = this.#options
    try {
      const { backupId } = await result
      logger.info({ ...shown(run), ...backupId === null ? {} : { backupId } }, `scheduled ${run.kind} completed`)
      await this.#write(run, afterSuccess(backupId, clock.now()))
    } catch (thrown) {
      const backupId = await engine.job(job.id).then(known => known.backupId, () => null)
      await this.#failed(run, toBackupError(thrown), backupId)
    } finally {
      this.#underWay.delete(run.id)
    }
  }

  async #failed (run: Run, error: BackupError, backupId: number | null): Promise<void> {
    const { clock, logger } = this.#options
    const { code, message, hint } = error
    const change = afterFailure(run, error, backupId, clock.now())
    const nextAttemptAt = change.nextAttemptAt?.toISOString()
    if (isInTheWay(code)) logger.info({ ...shown(run), code }, `scheduled ${run.kind} is waiting: ${message}`)
    else {
      logger.error(
        { ...shown(run), code, hint, ...nextAttemptAt === undefined ? {} : { nextAttemptAt } },
        `scheduled ${run.kind} failed: ${message}`
      )
    }
    await this.#write(run, change)
  }

  /** Where that cannot be done now, the next look finds out how the run ended. */
  async #write (run: Run, change: RunChange): Promise<void> {
    try {
      this.#tell(await this.#options.runs.change(run.id, change))
    } catch (thrown) {
      const { code, message } = toBackupError(thrown)
      this.#options.logger.warn(
        { ...shown(run), code },
        `the outcome of a scheduled ${run.kind} could not be recorded: ${message}`
      )
    }
  }

  #tell (run: Run): void {
    if (isEnded(run)) this.#options.events.emit({ type: 'run.ended', run })
  }

  async #tidy (): Promise<void> {
    try {
      await this.#options.housekeep()
    } catch (thrown) {
      const { code, message } = toBackupError(thrown)
      this.#options.logger.warn({ code }, `housekeeping failed and will be retried in a minute: ${message}`)
    }
  }
}

/** A drill that could not be made is tried again like a backup that could not; one that found damage was made. */
function requireTold (drill: Restore): Restore {
  const { status, errorCode, errorMessage } = drill
  if (status === 'inconclusive') {
    throw new BackupError(errorCode ?? 'INTERNAL', errorMessage ?? 'the drill had no result')
  }
  return drill
}

function isNothing ({ rules, dropped, added, changed }: RunChanges): boolean {
  return rules.length + dropped.length + added.length + changed.length === 0
}

function shown ({ source }: Run): object {
  return source === null ? {} : { source }
}
