/**
 * What becomes of a piece, in parts that belong one after the other: they are put together with those of the others,
 * once. The piece is only good for the call: its memory is used again.
 */
export type Convert = (piece: Buffer, isLast: boolean) => readonly Buffer[]

/**
 * Cuts a stream into pieces of `size` bytes; only the last may be shorter. Each piece is handed to `convert` together
 * with whether it is the last, which cannot be told before the next one has begun: so one is always held back.
 */
export class Chunker {
  readonly #size: number
  readonly #convert: Convert
  readonly #held: Buffer
  #filled = 0

  constructor (size: number, convert: Convert) {
    this.#size = size
    this.#convert = convert
    this.#held = Buffer.allocUnsafeSlow(size)
  }

  /** What the pieces that are whole become, one after the other. */
  add (chunk: Buffer): Buffer {
    const converted: Buffer[] = []
    for (let at = 0; at < chunk.length;) {
      if (this.#filled === this.#size) {
        converted.push(...this.#convert(this.#held, false))
        this.#filled = 0
      }
      if (this.#filled === 0 && chunk.length - at > this.#size) {
        converted.push(...this.#convert(chunk.subarray(at, at + this.#size), false))
        at += this.#size
        continue
      }
      const copied = chunk.copy(this.#held, this.#filled, at)
      this.#filled += copied
      at += copied
    }
    return joined(converted)
  }

  /** What the last piece becomes. */
  end (): Buffer {
    return joined(this.#convert(this.#held.subarray(0, this.#filled), true))
  }
}

function joined (parts: readonly Buffer[]): Buffer {
  const [first] = parts
  return first !== undefined && parts.length === 1 ? first : Buffer.concat(parts)
}
