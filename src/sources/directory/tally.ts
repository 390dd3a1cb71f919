import { shortened } from '../../core/shortened.ts'

/** Paths that facts and errors name. */
const KEPT = 100
/** Characters of a path in a message. */
const LENGTH = 200

/** Names of one kind. `paths`: the first of them, for people. */
export interface Names {
  readonly count: number
  readonly paths: readonly string[]
}

/** Counts names, and keeps the first of them. */
export class Tally implements Names {
  #count = 0
  readonly #paths: string[] = []
  readonly #kept: number

  /** `kept`: how many names are kept. */
  constructor (kept = KEPT) {
    this.#kept = kept
  }

  add (path: string): void {
    this.#count++
    if (this.#paths.length < this.#kept) this.#paths.push(path)
  }

  get count (): number {
    return this.#count
  }

  get paths (): readonly string[] {
    return this.#paths
  }

  result (): Names {
    return { count: this.#count, paths: this.#paths }
  }
}

/** `"a", "b" and 7 more`; not for none. `most`: how many are named. */
export function named ({ count, paths }: Names, most = 3): string {
  const shown = paths.slice(0, most).map(path => `"${shortened(path, LENGTH)}"`)
  const rest = count - shown.length
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ')
}
