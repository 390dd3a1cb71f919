import type { Entry } from './entry.ts'
import { MalformedError } from './malformed.ts'
import { padded } from '../../files/tar-blocks.ts'

const NEWLINE = 0x0a
const [ZERO, NINE] = [0x30, 0x39]

/**
 * Checks the map at the beginning of the data of a sparse file while it passes by: the number of pieces, then offset
 * and length of each, one decimal number a line, filled up with zeros to a whole block. The pieces must be in order,
 * inside of the file, and together as long as the data after the map. GNU tar manual, "Storing Sparse Files", version
 * 1.0.
 */
export class SparseMap {
  readonly #size: number
  readonly #stored: number
  #read = 0
  #number: number | undefined
  /** Numbers still to come; undefined: the first has not come yet. */
  #missing: number | undefined
  #offset: number | undefined
  #end = 0
  #data = 0

  /** `size`: of the file; `stored`: of map and data. Bytes. */
  constructor ({ size, stored }: { readonly size: number, readonly stored: number }) {
    this.#size = size
    this.#stored = stored
  }

  /** Throws `MalformedError`. */
  write (data: Buffer): void {
    for (let i = 0; i < data.length && this.#missing !== 0; i++) {
      this.#read++
      const byte = data[i] ?? 0
      if (byte === NEWLINE) this.#take()
      else if (byte >= ZERO && byte <= NINE) this.#number = this.#checked((this.#number ?? 0) * 10 + byte - ZERO)
      else throw wrong('it contains something that is not a number')
    }
  }

  /** To be called after the last byte. Throws `MalformedError`. */
  end (): void {
    if (this.#missing !== 0) throw wrong('it has no end')
    if (padded(this.#read) + this.#data !== this.#stored) throw wrong('its pieces are not as long as the data')
  }

  #checked (number: number): number {
    if (!Number.isSafeInteger(number)) throw wrong('a number in it is too large')
    return number
  }

  #take (): void {
    const number = this.#number
    if (number === undefined) throw wrong('a number in it is missing')
    this.#number = undefined
    if (this.#missing === undefined) {
      this.#missing = this.#checked(number * 2)
      return
    }
    this.#missing--
    if (this.#offset === undefined) {
      this.#offset = number
      return
    }
    if (this.#offset < this.#end || this.#offset + number > this.#size) {
      throw wrong('its pieces are not in order, or not inside of the file')
    }
    this.#end = this.#offset + number
    this.#data += number
    this.#offset = undefined
  }
}

/** For the member of the entry; undefined: it has no map. */
export function sparseMapOf ({ sparse, size, stored = 0 }: Entry): SparseMap | undefined {
  return sparse === true ? new SparseMap({ size, stored }) : undefined
}

function wrong (problem: string): MalformedError {
  return new MalformedError(`the map of a sparse file is not valid: ${problem}`)
}
