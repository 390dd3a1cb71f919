import { open, type FileHandle } from 'node:fs/promises'

/**
 * Makes committed transactions durable on the thread pool. SQLite would do it on the thread that commits, which here is
 * the API's: beside a backup that keeps the disk busy that is a standstill of a tenth of a second. So the database runs
 * with `synchronous = NORMAL`, which keeps it whole but not durable, and whoever commits waits for this.
 *
 * The `-wal` may be opened and closed as one likes: unlike the main file and the `-shm`, it carries no locks.
 */
export class WalSync {
  readonly #path: string
  #handle: Promise<FileHandle> | undefined
  #running: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined

  constructor (databasePath: string) {
    this.#path = `${databasePath}-wal`
  }

  /**
   * Resolves once everything that was committed before the call is on the disk. Callers at the same time share one
   * sync.
   */
  sync (): Promise<void> {
    this.#next ??= this.#afterRunning()
    return this.#next
  }

  /** Ends what was asked for before. */
  async close (): Promise<void> {
    await this.#next?.catch(() => {})
    await this.#running.catch(() => {})
    const handle = this.#handle
    this.#handle = undefined
    await (await handle?.catch(() => undefined))?.close()
  }

  async #afterRunning (): Promise<void> {
    await this.#running.catch(() => {})
    this.#next = undefined
    this.#running = this.#datasync()
    await this.#running
  }

  async #datasync (): Promise<void> {
    const handle = this.#handle ??= open(this.#path, 'r')
    try {
      await (await handle).datasync()
    } catch (error) {
      this.#handle = undefined
      // The next sync opens it anew. One that could not be opened has nothing to close.
      await handle.then(opened => opened.close()).catch(() => {})
      throw error
    }
  }
}
