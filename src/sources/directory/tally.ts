/** Paths that facts and errors name. */
const NAMED = 100

/** Counts names, and keeps the first of them. */
export class Tally {
  #count = 0
  readonly #paths: string[] = []

  add (path: string): void {
    this.#count++
    if (this.#paths.length < NAMED) this.#paths.push(path)
  }

  get count (): number {
    return this.#count
  }

  result (): { readonly count: number, readonly paths: readonly string[] } {
    return { count: this.#count, paths: this.#paths }
  }

  /** `"a", "b" and 7 more`; not for an empty one. */
  names (most = 3): string {
    const shown = this.#paths.slice(0, most).map(path => `"${path}"`)
    const rest = this.#count - shown.length
    return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ')
  }
}
