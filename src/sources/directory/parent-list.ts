import { createReadStream } from 'node:fs'
import { comparePaths } from './entry-path.ts'
import { EntryParser, readTexts, type Entry } from './entry.ts'
import { endOfLine, type ListedLine } from './listed-line.ts'
import type { Found } from './walk.ts'

/** Bytes of the list that are read at once. */
const PIECE = 256 * 1024

/** The list of the backup that an increment is built on, read alongside the walk. */
export class ParentList {
  readonly #texts: AsyncGenerator<string, void> | undefined
  readonly #parser = new EntryParser()
  /** Whole lines, of which the next one begins at `#at`. */
  #text = ''
  #at = 0
  /** The entry of the next line, and the end of the line, once it was parsed. */
  #next: { readonly entry: Entry, readonly end: number } | undefined
  #hasEnded: boolean

  /** null: there is none. */
  constructor (path: string | null) {
    this.#texts = path === null ? undefined : readTexts(createReadStream(path, { highWaterMark: PIECE }))
    this.#hasEnded = path === null
  }

  /**
   * The line of a file that has not changed, without a look at its fields one by one. undefined: see
   * `find`.
   */
  unchanged (found: Found): ListedLine | undefined {
    const end = endOfLine(this.#text, this.#at, found)
    if (end === undefined) return undefined
    const line = this.#text.slice(this.#at, end)
    if (this.#next === undefined) this.#parser.pass(found.path)
    this.#advance(end)
    return { line, size: Number(found.stats.size) }
  }

  /**
   * The entry of the path; undefined: the list has none. Paths must be asked for in the order of the list, each once.
   * Only now and then is it a promise, which rejects with `MalformedError` or what the system throws. Throws
   * `MalformedError`.
   */
  find (path: Buffer): Entry | undefined | Promise<Entry | undefined> {
    while (this.#at < this.#text.length) {
      const { entry, end } = this.#next ??= this.#parse()
      const order = comparePaths(entry.path, path)
      if (order > 0) return undefined
      this.#advance(end)
      if (order === 0) return entry
    }
    return this.#hasEnded ? undefined : this.#findFurther(path)
  }

  #advance (end: number): void {
    this.#at = end
    this.#next = undefined
  }

  #parse (): { readonly entry: Entry, readonly end: number } {
    const end = this.#text.indexOf('\n', this.#at)
    return { entry: this.#parser.parse(this.#text.slice(this.#at, end)), end: end + 1 }
  }

  async #findFurther (path: Buffer): Promise<Entry | undefined> {
    const next = await this.#texts?.next()
    this.#text = next?.value ?? ''
    this.#at = 0
    this.#hasEnded = next?.done !== false
    if (this.#text !== '') this.#at = this.#parser.passHeader(this.#text)
    return await this.find(path)
  }
}
