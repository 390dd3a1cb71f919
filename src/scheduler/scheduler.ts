import { schedule, type ScheduledTask } from 'node-cron'
import type { Clock } from '../core/clock.ts'
import { toBackupError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { Engine, SourceState } from '../engine/engine.ts'

/** Wait after a run that could not even be recorded, so that a locked catalog is not asked every second. Milliseconds. */
const PAUSE = 60_000
/** Ticks come every second, so that one may as well come half of that too early as too late. Milliseconds. */
const EARLY = 500

export interface SchedulerOptions {
  readonly engine: Engine
  readonly housekeep: () => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
}

/** The sources whose next run has come. One that is busy waits for the next look. */
export function dueSources (states: readonly SourceState[], now: Date): readonly SourceState[] {
  return states.filter(state => state.nextRun !== null && state.nextRun.getTime() - EARLY <= now.getTime() && state.state !== 'busy')
}

/** Looks every second what is due. The ticks come from node-cron; what is due comes from the catalog, so that a lost tick loses nothing. */
export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #pausedUntil = new Map<string, number>()
  #tasks: ScheduledTask[] = []

  constructor (options: SchedulerOptions) {
    this.#options = options
  }

  start (): void {
    this.#tasks = [
      schedule('* * * * * *', () => this.tick(), { name: 'due backups', noOverlap: true, timezone: 'UTC', suppressMissedWarning: true }),
      schedule('30 * * * * *', () => this.#tidy(), { name: 'housekeeping', noOverlap: true, timezone: 'UTC', suppressMissedWarning: true })
    ]
  }

  async stop (): Promise<void> {
    for (const task of this.#tasks) await task.destroy()
    this.#tasks = []
  }

  /** Starts what is due now, and resolves once it has been accepted; never rejects. */
  async tick (): Promise<void> {
    const { engine, clock, logger } = this.#options
    try {
      const now = clock.now()
      for (const { name } of dueSources(await engine.sources(), now)) {
        if ((this.#pausedUntil.get(name) ?? 0) <= now.getTime()) await this.#run(name)
      }
    } catch (thrown) {
      const { code, message } = toBackupError(thrown)
      logger.error({ code, err: thrown }, `the scheduler cannot tell what is due: ${message}`)
    }
  }

  async #run (source: string): Promise<void> {
    const { engine, clock, logger } = this.#options
    try {
      const { job, result } = await engine.create({ source, type: 'scheduled' })
      logger.info({ source, jobId: job.id }, 'scheduled backup begins')
      result.then(
        backup => { logger.info({ source, backupId: backup.id }, 'scheduled backup completed') },
        (thrown: unknown) => { this.#failed(source, thrown) }
      )
    } catch (thrown) {
      this.#pausedUntil.set(source, clock.now().getTime() + PAUSE)
      this.#failed(source, thrown)
    }
  }

  #failed (source: string, thrown: unknown): void {
    const { code, message, hint } = toBackupError(thrown)
    this.#options.logger.error({ source, code, hint }, `scheduled backup failed: ${message}`)
  }

  async #tidy (): Promise<void> {
    try {
      await this.#options.housekeep()
    } catch (thrown) {
      const { code, message } = toBackupError(thrown)
      this.#options.logger.warn({ code }, `housekeeping failed and is tried again in a minute: ${message}`)
    }
  }
}
