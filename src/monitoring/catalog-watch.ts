import type { Clock } from '../core/clock.ts'
import { toBackupError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'

/** The start comes first: its own work, and that of the applications beside it. Milliseconds. */
const AFTER_START = 10_000
/** Milliseconds. */
const EVERY = 86_400_000

export interface CatalogWatchOptions {
  /** Looks through the whole catalog; resolves with a finding, undefined where there is none. */
  readonly check: (signal: AbortSignal) => Promise<string | undefined>
  /** Records the damage, for the alert and for the next start. */
  readonly mark: (finding: string) => void
  /** Whether the whole catalog was checked as it was opened. */
  readonly isChecked: boolean
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Looks through the whole catalog once a day, and soon after a start that did not: a large one would hold up each start
 * and each command if it were checked as it is opened. A check that cannot be made is tried again the next day.
 */
export class CatalogWatch {
  readonly #options: CatalogWatchOptions
  readonly #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor (options: CatalogWatchOptions) {
    this.#options = options
  }

  start (): void {
    this.#running = this.#run(this.#stop.signal)
  }

  /** Ends a check that is under way; resolves when it has ended. */
  async stop (): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run (signal: AbortSignal): Promise<void> {
    const { clock, isChecked } = this.#options
    await clock.sleep(isChecked ? EVERY : AFTER_START, signal).catch(() => undefined)
    while (!signal.aborted) {
      await this.look()
      await clock.sleep(EVERY, signal).catch(() => undefined)
    }
  }

  /** One check. Never rejects. */
  async look (): Promise<void> {
    const { check, mark, logger } = this.#options
    try {
      const finding = await check(this.#stop.signal)
      if (finding === undefined) return
      mark(finding)
      logger.error(
        { finding },
        'THE CATALOG IS DAMAGED: restart the service, which keeps the damaged catalog under another name and builds a new one from the manifests'
      )
    } catch (thrown) {
      if (this.#stop.signal.aborted) return
      const { code, message } = toBackupError(thrown)
      logger.warn({ code }, `the catalog could not be checked; the next check is tomorrow: ${message}`)
    }
  }
}
