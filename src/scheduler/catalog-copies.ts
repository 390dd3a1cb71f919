import type { ChangeCount } from '../core/catalog/change-count.ts'
import type { Clock } from '../core/clock.ts'
import { toBackupError, type ErrorCode } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'

/** What has changed is looked for so often. Milliseconds. */
const EVERY = 15_000
/** The catalog is backed up once nothing has changed for so long. Milliseconds. */
const QUIET = 60_000
/**
 * Between two backups, and after one that failed, at least so much passes; where it never gets quiet, no more than so
 * much. Milliseconds.
 */
const APART = 600_000
/** Somebody else is at it, or there is nothing more to be done. */
const NO_TROUBLE: ReadonlySet<ErrorCode> = new Set(['BACKUP_IN_PROGRESS', 'SHUTTING_DOWN', 'CANCELLED'])

export interface CatalogCopiesOptions {
  readonly changes: ChangeCount
  /** Makes a backup of the catalog, and resolves once it is made. */
  readonly backUp: () => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Backs the catalog up by itself after something in it has changed, so that the copies of it in other stores know what
 * was decided since. What is to be saved is counted in the catalog: a restart, or another process, loses none of it.
 */
export class CatalogCopies {
  readonly #options: CatalogCopiesOptions
  readonly #stop = new AbortController()
  #loop: Promise<void> = Promise.resolve()
  /** The count that was seen last, since when it is that, and since when there is something to save. */
  #seen = { changes: 0, since: 0, unsavedSince: null as number | null }
  #triedAt = Number.NEGATIVE_INFINITY

  constructor (options: CatalogCopiesOptions) {
    this.#options = options
  }

  start (): void {
    this.#loop = this.#run()
  }

  /** Begins no backup any more; resolves when that under way has ended. */
  async stop (): Promise<void> {
    this.#stop.abort()
    await this.#loop
  }

  async #run (): Promise<void> {
    const { clock } = this.#options
    while (!this.#stop.signal.aborted) {
      await this.#look()
      await clock.sleep(EVERY, this.#stop.signal).catch(() => {})
    }
  }

  async #look (): Promise<void> {
    const { changes: count, backUp, clock, logger } = this.#options
    try {
      const { changes, saved } = await count.read()
      const now = clock.now().getTime()
      if (changes !== this.#seen.changes) this.#seen = { ...this.#seen, changes, since: now }
      if (changes <= saved) {
        this.#seen.unsavedSince = null
        return
      }
      this.#seen.unsavedSince ??= now
      if (!this.#isDue(now, this.#seen.unsavedSince)) return
      this.#triedAt = now
      await backUp()
      await count.saved(changes)
    } catch (thrown) {
      const { code, message } = toBackupError(thrown)
      if (!NO_TROUBLE.has(code)) {
        logger.error({ code }, `the backup of the catalog failed and will be retried: ${message}`)
      }
    }
  }

  /** A clock that is set back counts as time that passed. */
  #isDue (now: number, unsavedSince: number): boolean {
    const isQuiet = Math.abs(now - this.#seen.since) >= QUIET
    const hasWaited = Math.abs(now - unsavedSince) >= APART
    return (isQuiet || hasWaited) && Math.abs(now - this.#triedAt) >= APART
  }
}
