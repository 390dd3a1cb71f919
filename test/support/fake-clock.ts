import type { Clock } from '../../src/core/clock.ts'

interface Sleeper {
  readonly until: number
  readonly signal: AbortSignal
  readonly wake: () => void
}

/** Stands still until it is moved; who sleeps wakes when it is moved far enough. */
export class FakeClock implements Clock {
  #now: number
  #sleepers: Sleeper[] = []

  constructor (start = '2025-11-24T23:30:00.000Z') {
    this.#now = Date.parse(start)
  }

  now (): Date {
    return new Date(this.#now)
  }

  /** How many sleep, those whose sleep was aborted among them. */
  get sleeping (): number {
    return this.#sleepers.length
  }

  /** Goes on, or back, by so many milliseconds. */
  move (ms: number): Date {
    this.#now += ms
    const due = this.#sleepers.filter(sleeper => sleeper.until <= this.#now)
    this.#sleepers = this.#sleepers.filter(sleeper => sleeper.until > this.#now)
    for (const { wake } of due) wake()
    return this.now()
  }

  /** Moves to the instant at which the next sleeper wakes, and wakes it; without a sleeper it moves nothing. */
  moveToNext (): Date {
    const next = Math.min(...this.#sleepers.filter(({ signal }) => !signal.aborted).map(({ until }) => until))
    return Number.isFinite(next) ? this.move(Math.max(0, next - this.#now)) : this.now()
  }

  async sleep (ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const slept = Promise.withResolvers<undefined>()
    const wake = (): void => {
      slept.resolve(undefined)
    }
    this.#sleepers.push({ until: this.#now + ms, signal, wake })
    signal.addEventListener('abort', wake, { once: true })
    await slept.promise
    signal.removeEventListener('abort', wake)
    signal.throwIfAborted()
  }
}
