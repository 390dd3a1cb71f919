import { SqliteError, type Database, type Transaction } from 'better-sqlite3'
import type { Clock } from '../core/clock.ts'
import { BackupError } from '../core/errors.ts'
import { markDamaged } from './damage-mark.ts'
import { catalogError } from './errors.ts'
import { WalSync } from './wal-sync.ts'

/** How long a write of another process may stay unnoticed. Milliseconds. */
const FOREIGN = 20

/**
 * The one way to the database: each piece of work is one transaction, and its failure a rejection with a code of ours.
 */
export class Connection {
  readonly database: Database
  readonly #transaction: Transaction<(work: () => unknown) => unknown>
  readonly #dataVersion: () => unknown
  readonly #opened: string
  readonly #wal: WalSync
  #writes = 0
  #foreign = ''
  #askedAt = Number.NEGATIVE_INFINITY
  #isOpen = true

  constructor (database: Database, clock: Clock) {
    this.database = database
    this.#wal = new WalSync(database.name)
    this.#transaction = database.transaction((work: () => unknown) => work())
    const dataVersion = database.prepare('PRAGMA data_version').pluck()
    this.#dataVersion = () => dataVersion.get()
    this.#opened = clock.now().getTime().toString(36)
  }

  /** All that `work` reads is of one instant. */
  read<T> (work: () => T): Promise<T> {
    return this.#settle(() => this.#run('deferred', work))
  }

  /** Durable once it resolves; when it rejects, nothing happened, unless it was the disk that failed to keep it. */
  write<T> (work: () => T): Promise<T> {
    return this.#durable(() => {
      const done = this.#run('immediate', work)
      this.#writes++
      return done
    })
  }

  /** Like `write`, for what nobody keeps in memory: the version stays as it is. */
  writeAside<T> (work: () => T): Promise<T> {
    return this.#durable(() => this.#run('immediate', work))
  }

  /**
   * Changes with every `write`: at once with our own, which we count; with those of other processes within `FOREIGN`
   * milliseconds, since asking SQLite for them would cost more than all the rest of an answer from memory.
   */
  version (): string {
    this.#checkOpen()
    const now = performance.now()
    if (now - this.#askedAt >= FOREIGN) {
      this.#foreign = String(this.#dataVersion())
      this.#askedAt = now
    }
    return `${this.#opened}.${this.#foreign}.${this.#writes}`
  }

  /** Safe to call twice. */
  async close (): Promise<void> {
    await this.#wal.close()
    await this.#settle(() => {
      this.database.close()
      this.#isOpen = false
    })
  }

  async #durable<T> (commit: () => T): Promise<T> {
    const result = await this.#settle(commit)
    await this.#wal.sync().catch((error: unknown) => {
      throw catalogError(error)
    })
    return result
  }

  #run<T> (mode: 'deferred' | 'immediate', work: () => T): T {
    this.#checkOpen()
    return this.#transaction[mode](work) as T
  }

  #checkOpen (): void {
    // Ours to know: to ask the database would cost more than the rest of `version`.
    if (!this.#isOpen) throw new BackupError('CATALOG_FAILED', 'the catalog is closed')
  }

  /** better-sqlite3 answers at once and throws; whoever waits for us gets a promise and its rejection. */
  #settle<T> (work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      try {
        resolve(work())
      } catch (thrown) {
        const error = catalogError(thrown)
        if (thrown instanceof SqliteError && error instanceof BackupError && error.code === 'CATALOG_CORRUPT') {
          markDamaged(this.database.name, thrown.message)
        }
        reject(error)
      }
    })
  }
}
