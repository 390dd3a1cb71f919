import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'

const SPECIFIER = /\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g
/** How long what was read is taken for what is there. Milliseconds. */
const FRESH = 1000

/** Which file under a directory imports which, types included. Paths are relative to the directory. */
export class ImportGraph {
  #root
  #files = new Map()
  #readAt = Number.NEGATIVE_INFINITY

  constructor (root) {
    this.#root = root
  }

  /**
   * The files between `from` and `to`, both included, where `from` imports `to`, directly or by way of others;
   * undefined: it does not.
   */
  wayFrom (from, to) {
    this.#refresh()
    const before = new Map([[from, undefined]])
    for (const file of before.keys()) {
      if (file === to) return wayBack(before, to)
      for (const next of this.#files.get(file)?.imports ?? []) if (!before.has(next)) before.set(next, file)
    }
    return undefined
  }

  /** One way from a file back to itself for each file that has one. */
  circles () {
    this.#refresh()
    return [...this.#files].flatMap(([file, { imports }]) => {
      const way = imports.map(next => this.wayFrom(next, file)).find(found => found !== undefined)
      return way === undefined ? [] : [[file, ...way]]
    })
  }

  #refresh () {
    if (Date.now() - this.#readAt < FRESH) return
    const found = existsSync(this.#root) ? readdirSync(this.#root, { recursive: true }) : []
    const known = this.#files
    this.#files = new Map()
    for (const name of found) {
      if (!name.endsWith('.ts')) continue
      const path = join(this.#root, name)
      const { mtimeMs } = statSync(path)
      const file = name.split(sep).join('/')
      const former = known.get(file)
      this.#files.set(file, former?.mtimeMs === mtimeMs ? former : { mtimeMs, imports: this.#importsOf(path) })
    }
    this.#readAt = Date.now()
  }

  #importsOf (path) {
    return [...readFileSync(path, 'utf8').matchAll(SPECIFIER)]
      .map(([, specifier]) => relative(this.#root, resolve(dirname(path), specifier)).split(sep).join('/'))
  }
}

function wayBack (before, to) {
  const way = []
  for (let file = to; file !== undefined; file = before.get(file)) way.unshift(file)
  return way
}
