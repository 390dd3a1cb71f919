import { inspect } from 'node:util'

const MASK = '[redacted]'

/** A string that will not print: not in a log, not in JSON, not in an error. `reveal` is the one way to it. */
export class Secret {
  readonly #value: string

  constructor (value: string) {
    this.#value = value
  }

  reveal (): string {
    return this.#value
  }

  toString (): string {
    return MASK
  }

  toJSON (): string {
    return MASK
  }

  [inspect.custom] (): string {
    return MASK
  }
}
