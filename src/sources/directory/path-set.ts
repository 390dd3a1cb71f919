import { hash, randomBytes } from 'node:crypto'

/**
 * A set of paths that remembers 64 bits of a keyed digest of each. The key is a new one for each set, so that two
 * paths with the same digest cannot be prepared.
 */
export class PathSet {
  readonly #key = randomBytes(16)
  /** An open hash table, at most half full; 0 is a free slot. */
  #slots = new BigUint64Array(1024)
  #size = 0

  /** Paths in it. */
  get size (): number {
    return this.#size
  }

  add (path: Buffer): void {
    if (this.#size * 2 >= this.#slots.length) this.#grow()
    const digest = this.#digest(path)
    const slot = slotOf(this.#slots, digest)
    if (this.#slots[slot] === 0n) this.#size++
    this.#slots[slot] = digest
  }

  has (path: Buffer): boolean {
    return this.#slots[slotOf(this.#slots, this.#digest(path))] !== 0n
  }

  #digest (path: Buffer): bigint {
    const digest = hash('sha256', Buffer.concat([this.#key, path]), 'buffer').readBigUInt64LE()
    return digest === 0n ? 1n : digest
  }

  #grow (): void {
    const slots = new BigUint64Array(this.#slots.length * 2)
    for (const digest of this.#slots) if (digest !== 0n) slots[slotOf(slots, digest)] = digest
    this.#slots = slots
  }
}

/** The slot that has the digest, or a free one. */
function slotOf (slots: BigUint64Array, digest: bigint): number {
  let slot = Number(digest % BigInt(slots.length))
  while (slots[slot] !== 0n && slots[slot] !== digest) slot = (slot + 1) % slots.length
  return slot
}
