import { createReadStream } from 'node:fs'
import { comparePaths } from './entry-path.ts'
import { readGroups, type Entry } from './entry.ts'

/** The list of the backup that an increment is built on, read alongside the walk. */
export class ParentList {
  readonly #groups: AsyncGenerator<readonly Entry[], void> | undefined
  #group: readonly Entry[] = []
  #at = 0
  #hasEnded: boolean

  /** null: there is none. */
  constructor (path: string | null) {
    this.#groups = path === null ? undefined : readGroups(createReadStream(path))
    this.#hasEnded = path === null
  }

  /**
   * The entry of the path; undefined: the list has none. Paths must be asked for in the order of the list. Only now and
   * then is it a promise, which rejects with `MalformedError` or what the system throws.
   */
  find (path: Buffer): Entry | undefined | Promise<Entry | undefined> {
    for (; this.#at < this.#group.length; this.#at++) {
      const entry = this.#group[this.#at]
      const order = entry === undefined ? -1 : comparePaths(entry.path, path)
      if (order >= 0) return order === 0 ? entry : undefined
    }
    return this.#hasEnded ? undefined : this.#findFurther(path)
  }

  async #findFurther (path: Buffer): Promise<Entry | undefined> {
    const next = await this.#groups?.next()
    this.#group = next?.value ?? []
    this.#at = 0
    this.#hasEnded = next?.done !== false
    return await this.find(path)
  }
}
