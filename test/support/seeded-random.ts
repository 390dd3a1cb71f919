/** Chance that can be had again: the same seed throws the same numbers. */
export class Dice {
  #state: number

  constructor (seed: number) {
    this.#state = seed
  }

  /** From 0 up to 1. */
  throw (): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }

  /** A whole number, both ends included. */
  between (min: number, max: number): number {
    return min + Math.floor(this.throw() * (max - min + 1))
  }

  /** True so often: 0 never, 1 always. */
  chance (share: number): boolean {
    return this.throw() < share
  }

  pick<T> (things: readonly T[]): T {
    return things[this.between(0, things.length - 1)]!
  }
}
