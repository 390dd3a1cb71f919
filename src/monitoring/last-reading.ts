import type { Clock } from '../core/clock.ts'

/** A reading that may hang, such as that of a disk on the network, for those who must not. */
export class LastReading<T> {
  readonly #read: () => Promise<T>
  readonly #clock: Clock
  #value: T | undefined
  #pending: Promise<void> | undefined

  constructor (read: () => Promise<T>, clock: Clock) {
    this.#read = read
    this.#clock = clock
  }

  /**
   * A fresh reading or, after `patience` milliseconds, the last one there was. undefined: none yet, or the last one
   * failed.
   */
  async value (patience: number): Promise<T | undefined> {
    const done = new AbortController()
    await Promise.race([this.#refreshed(), this.#clock.sleep(patience, done.signal).catch(() => undefined)])
    done.abort()
    return this.#value
  }

  /** One reading at a time: whoever comes while it hangs waits for the same. */
  #refreshed (): Promise<void> {
    this.#pending ??= this.#read()
      .then(value => {
        this.#value = value
      }, () => {
        this.#value = undefined
      })
      .finally(() => {
        this.#pending = undefined
      })
    return this.#pending
  }
}
