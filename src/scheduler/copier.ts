import { LONGEST_PAUSE, pauseAfter, type CopyTask } from '../core/backup/copy.ts'
import type { Clock } from '../core/clock.ts'
import { toBackupError, type BackupError, type ErrorCode } from '../core/errors.ts'
import type { Event, Listener } from '../core/event.ts'
import type { Logger } from '../core/logger.ts'

/** What is to be done is looked for so often, whatever happens: a command beside us wakes nobody here. Milliseconds. */
const EVERY = 15_000
/** What a store is taken to hold is looked after so often. Milliseconds. */
const SURVEY_EVERY = 86_400_000
/** It is the store that is in trouble, and not this one copy. */
const STORE_TROUBLE: ReadonlySet<ErrorCode> = new Set([
  'STORE_UNAVAILABLE',
  'STORE_FAILED',
  'STORE_FOREIGN',
  'DISK_FULL'
])
const TELLING: ReadonlySet<Event['type']> = new Set([
  'backup.completed',
  'backup.removed',
  'run.ended',
  'settings.changed'
])

export interface CopierOptions {
  /** Names of the stores to which backups are copied. */
  readonly stores: readonly string[]
  /** Everything that is to be done in the store, what matters most first. */
  readonly work: (store: string) => Promise<readonly CopyTask[]>
  /** One of these as it stands now; undefined: nothing is to be done any more. */
  readonly task: (store: string, backupId: number) => Promise<CopyTask | undefined>
  /** Makes the store ready; asked once, and again after it failed. */
  readonly open: (store: string, signal: AbortSignal) => Promise<void>
  /** Does one thing, and writes down what came of it. */
  readonly perform: (store: string, task: CopyTask, signal: AbortSignal) => Promise<void>
  /** Writes down that it could not even be begun. */
  readonly refuse: (store: string, task: CopyTask, error: BackupError, nextAttemptAt: Date) => Promise<void>
  /** Looks whether the store still holds what it should; says how many copies it missed. */
  readonly survey: (store: string, signal: AbortSignal) => Promise<number>
  readonly clock: Clock
  readonly logger: Logger
}

interface Lane {
  readonly store: string
  isOpen: boolean
  surveyedAt: number
  /** Failures of the store in a row. */
  failures: number
  pausedUntil: number
  /** Something has happened since the list of the work was read. */
  isStirred: boolean
}

/**
 * Brings copies into the stores, and takes them away there, by itself: the stores side by side, in each of them one
 * thing after the other. What is to be done stands in the catalog, so that a restart goes on where the last process
 * ended. A store that is down is asked more and more seldom and hinders no other.
 */
export class Copier {
  readonly #options: CopierOptions
  readonly #stop = new AbortController()
  readonly #wakes = new Set<() => void>()
  #lanes: readonly Lane[] = []
  #running: Promise<unknown> = Promise.resolve()

  constructor (options: CopierOptions) {
    this.#options = options
  }

  /** To subscribe with. */
  readonly listener: Listener = ({ type }) => {
    if (!TELLING.has(type)) return
    for (const lane of this.#lanes) lane.isStirred = true
    for (const wake of this.#wakes) wake()
  }

  start (): void {
    this.#lanes = this.#options.stores.map(store => ({
      store,
      isOpen: false,
      surveyedAt: Number.NEGATIVE_INFINITY,
      failures: 0,
      pausedUntil: Number.NEGATIVE_INFINITY,
      isStirred: false
    }))
    this.#running = Promise.all(this.#lanes.map(lane => this.#run(lane)))
  }

  /** Begins nothing more, and ends what is under way; resolves when it has ended. */
  async stop (): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run (lane: Lane): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      const woken = this.#woken()
      try {
        await this.#pass(lane)
      } catch (thrown) {
        // The catalog cannot be read, or written to: everything is tried again.
        if (!this.#stop.signal.aborted) {
          this.#options.logger.error(
            { store: lane.store, code: toBackupError(thrown).code },
            `the copies in the store cannot be processed now: ${toBackupError(thrown).message}`
          )
        }
      }
      await woken.pause()
    }
  }

  /**
   * Does everything whose time has come, until nothing is left or the store fails. The list of it is read again only
   * after something has happened, so that a long one costs each copy no more than a short one; each copy is looked up
   * again before its turn.
   */
  async #pass (lane: Lane): Promise<void> {
    const { work, task, clock } = this.#options
    const tried = new Set<number>()
    let ahead: CopyTask[] = []
    while (!this.#stop.signal.aborted && this.#isDue(lane.pausedUntil)) {
      if (ahead.length === 0 || lane.isStirred) {
        lane.isStirred = false
        ahead = (await work(lane.store)).filter(one => !tried.has(one.backupId) && this.#isTime(one)).toReversed()
      }
      const listed = ahead.pop()
      if (listed === undefined) break
      const next = await task(lane.store, listed.backupId)
      if (next === undefined || !this.#isTime(next)) continue
      tried.add(next.backupId)
      await this.#attempt(lane, () => this.#do(lane, next))
    }
    if (this.#isDue(lane.pausedUntil) && Math.abs(clock.now().getTime() - lane.surveyedAt) >= SURVEY_EVERY) {
      await this.#attempt(lane, () => this.#survey(lane))
    }
  }

  #isTime ({ nextAttemptAt }: CopyTask): boolean {
    return nextAttemptAt === null || this.#isDue(nextAttemptAt.getTime())
  }

  #isDue (time: number): boolean {
    const ahead = time - this.#options.clock.now().getTime()
    // Further ahead is nothing, unless the clock has been set back since.
    return ahead <= 0 || ahead > LONGEST_PAUSE
  }

  async #do (lane: Lane, task: CopyTask): Promise<void> {
    const { perform, refuse, clock } = this.#options
    try {
      await this.#open(lane)
    } catch (thrown) {
      if (!this.#stop.signal.aborted) {
        await refuse(
          lane.store,
          task,
          toBackupError(thrown),
          new Date(clock.now().getTime() + pauseAfter(lane.failures))
        )
      }
      throw thrown
    }
    await perform(lane.store, task, this.#stop.signal)
  }

  async #survey (lane: Lane): Promise<void> {
    const { survey, clock, logger } = this.#options
    await this.#open(lane)
    const missed = await survey(lane.store, this.#stop.signal)
    lane.surveyedAt = clock.now().getTime()
    if (missed > 0) {
      logger.error(
        { store: lane.store, missed },
        'stored copies are missing from the store and will be uploaded again'
      )
    }
  }

  async #open (lane: Lane): Promise<void> {
    if (lane.isOpen) return
    await this.#options.open(lane.store, this.#stop.signal)
    lane.isOpen = true
  }

  /** The outcome is written down already; here it only decides when the store is asked again. */
  async #attempt (lane: Lane, work: () => Promise<void>): Promise<void> {
    const { clock, logger } = this.#options
    try {
      await work()
      lane.failures = 0
    } catch (thrown) {
      const { code, message } = toBackupError(thrown)
      if (this.#stop.signal.aborted || !STORE_TROUBLE.has(code)) return
      if (lane.failures === 0) {
        logger.warn(
          { store: lane.store, code },
          `the upload of a copy failed and will be retried: ${message}`
        )
      }
      lane.pausedUntil = clock.now().getTime() + pauseAfter(lane.failures++)
      lane.isOpen = false
    }
  }

  /** Wakes that come from now on are not lost, even before the pause begins. */
  #woken (): { readonly pause: () => Promise<void> } {
    const woken = new AbortController()
    const wake = (): void => {
      woken.abort()
    }
    this.#wakes.add(wake)
    return {
      pause: async () => {
        if (!woken.signal.aborted) {
          await this.#options.clock.sleep(EVERY, AbortSignal.any([this.#stop.signal, woken.signal])).catch(() => {})
        }
        this.#wakes.delete(wake)
      }
    }
  }
}
