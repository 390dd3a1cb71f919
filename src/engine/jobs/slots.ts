import type { Clock } from '../../core/clock.ts'

/** A job that reports no progress for so long is stalled: it lends its slot. Milliseconds. */
export const STALL_AFTER = 5000
/** Jobs that may run beyond the maximum while as many are stalled. Each is a process or two more. */
const EXTRA = 2

/** What a job has while it runs. */
export interface Slot {
  /** The job has made progress. */
  moved(): void
  /** Gives the slot back. Safe to call twice. */
  leave(): void
}

interface SlotRequest {
  /** Ahead of all others of its source. */
  readonly isFirst: boolean
  /** Ahead of all others of every source, and not bound by the share of its own. Default: not. */
  readonly isUrgent?: boolean
  readonly onTaken: (slot: Slot) => void
}

interface Holder {
  readonly source: string | null
  /** Milliseconds since 1970. */
  movedAt: number
}

interface Waiter {
  readonly source: string | null
  readonly isUrgent: boolean
  readonly begin: () => void
}

/**
 * Shares the slots for jobs among the sources. `null`, work of no single source, counts as one more source.
 *
 * - At most `max` jobs run at once. With two slots or more, one source has at most `max - 1`, so that work of one
 *   source never keeps all others waiting.
 * - A slot that becomes free goes to the source that was served least recently, and within it to the first in line.
 * - A stalled job, such as one whose database computes for hours, does not count for its source. With two slots or
 *   more it also lends its slot to a source that has no job running: at most `EXTRA` such jobs run beyond `max`.
 * - An urgent job takes the next slot that is free or lent, however many its source has.
 */
export class Slots {
  readonly #max: number
  readonly #perSource: number
  readonly #extra: number
  readonly #clock: Clock
  readonly #held = new Set<Holder>()
  /** In the order of their line. */
  #waiting: Waiter[] = []
  /** The number of the last turn of each source. */
  readonly #served = new Map<string | null, number>()
  #turns = 0
  /** Wakes when a running job may have stalled; only while a job waits. */
  #alarm: AbortController | undefined

  constructor (max: number, clock: Clock) {
    this.#max = max
    this.#perSource = Math.max(1, max - 1)
    this.#extra = max > 1 ? EXTRA : 0
    this.#clock = clock
  }

  /**
   * Resolves once a slot is taken and `onTaken` has been called with it.
   * Rejects with the reason of `signal`, having taken none, once that is aborted.
   */
  async take (
    source: string | null,
    { isFirst, isUrgent = false, onTaken }: SlotRequest,
    signal: AbortSignal
  ): Promise<void> {
    signal.throwIfAborted()
    const turn = Promise.withResolvers<undefined>()
    const begin = (): void => {
      onTaken(this.#hold(source))
      turn.resolve(undefined)
    }
    const waiter = { source, isUrgent, begin }
    const leave = (): void => {
      this.#waiting = this.#waiting.filter(other => other !== waiter)
      this.#fill()
      turn.reject(signal.reason)
    }
    if (isFirst) this.#waiting.unshift(waiter)
    else this.#waiting.push(waiter)
    signal.addEventListener('abort', leave, { once: true })
    this.#fill()
    try {
      await turn.promise
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  #hold (source: string | null): Slot {
    const now = (): number => this.#clock.now().getTime()
    const holder = { source, movedAt: now() }
    this.#held.add(holder)
    return {
      moved: () => {
        holder.movedAt = now()
      },
      leave: () => {
        if (this.#held.delete(holder)) this.#fill()
      }
    }
  }

  #fill (): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const { source, begin } = next
      this.#waiting = this.#waiting.filter(other => other !== next)
      this.#served.set(source, ++this.#turns)
      begin()
    }
    this.#alarm?.abort()
    this.#alarm = undefined
    if (this.#waiting.length > 0) this.#setAlarm()
  }

  #setAlarm (): void {
    const left = [...this.#held].map(holder => STALL_AFTER - this.#idle(holder)).filter(ms => ms > 0)
    if (left.length === 0) return
    const alarm = new AbortController()
    this.#alarm = alarm
    this.#clock.sleep(Math.min(...left), alarm.signal).then(() => {
      this.#fill()
    }, () => {})
  }

  /** Milliseconds without progress. A clock that is set back counts as time that passed. */
  #idle ({ movedAt }: Holder): number {
    return Math.abs(this.#clock.now().getTime() - movedAt)
  }

  #isStalled (holder: Holder): boolean {
    return this.#idle(holder) >= STALL_AFTER
  }

  #next (): Waiter | undefined {
    const turnOf = ({ source, isUrgent }: Waiter): number => isUrgent ? -1 : this.#served.get(source) ?? 0
    let next: Waiter | undefined
    for (const waiter of this.#waiting) {
      if (this.#mayBegin(waiter) && (next === undefined || turnOf(waiter) < turnOf(next))) next = waiter
    }
    return next
  }

  #mayBegin ({ source, isUrgent }: Waiter): boolean {
    const held = [...this.#held]
    const own = isUrgent ? [] : held.filter(holder => holder.source === source)
    if (held.length < this.#max) return own.filter(holder => !this.#isStalled(holder)).length < this.#perSource
    const lent = Math.min(this.#extra, held.filter(holder => this.#isStalled(holder)).length)
    return own.length === 0 && held.length < this.#max + lent
  }
}
