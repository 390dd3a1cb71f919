/** Taken entries are given up when there are so many. */
const COMPACT_AT = 1024

/** A queue, where adding and taking cost the same at any length. */
export class Deque<T> {
  #items: T[] = []
  #head = 0

  get length (): number {
    return this.#items.length - this.#head
  }

  get first (): T | undefined {
    return this.#items[this.#head]
  }

  push (item: T): void {
    this.#items.push(item)
  }

  some (isWanted: (item: T) => boolean): boolean {
    for (let at = this.#head; at < this.#items.length; at++) {
      const item = this.#items[at]
      if (item !== undefined && isWanted(item)) return true
    }
    return false
  }

  /** Takes the first one; undefined: it is empty. */
  shift (): T | undefined {
    const item = this.#items[this.#head]
    if (item === undefined) return undefined
    this.#head++
    if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }
}
