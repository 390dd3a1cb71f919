const SLASH = 0x2f
const SEPARATOR = Buffer.from('/')
const DOT = Buffer.from('.')
const PARENT = Buffer.from('..')

/** Where a path of a row leads: to a path of the list of a directory, or to nowhere in it. */
export type Located =
  | { readonly path: Buffer }
  /** Why no entry of the directory has the path. Completes `the path …`. */
  | { readonly problem: string }

/** Finds paths in a directory that was at `location`, an absolute path, when the backup was made. */
export class ReferencePaths {
  readonly #location: readonly Buffer[]

  constructor (location: string) {
    this.#location = namesOf(Buffer.from(location))
  }

  /**
   * A relative path is one in the directory, an absolute path must lead into it. Slashes count once, and the name `.`
   * does not count. Names are compared as bytes, and links are not followed.
   */
  locate (path: Buffer): Located {
    if (path.length === 0) return { problem: 'is empty' }
    if (path.includes(0)) return { problem: 'contains the byte 0' }
    const names = namesOf(path)
    if (names.some(name => name.equals(PARENT))) return { problem: 'contains ".."' }
    const isOutside = path[0] === SLASH && this.#location.some((name, index) => names[index]?.equals(name) !== true)
    if (isOutside) return { problem: 'is outside the directory' }
    const own = path[0] === SLASH ? names.slice(this.#location.length) : names
    return { path: own.length === 0 ? DOT : joined(own) }
  }
}

function namesOf (path: Buffer): readonly Buffer[] {
  const names: Buffer[] = []
  for (let start = 0; start <= path.length;) {
    const slash = path.indexOf(SLASH, start)
    const end = slash < 0 ? path.length : slash
    const name = path.subarray(start, end)
    if (name.length > 0 && !name.equals(DOT)) names.push(name)
    start = end + 1
  }
  return names
}

function joined (names: readonly Buffer[]): Buffer {
  return Buffer.concat(names.flatMap((name, index) => index === 0 ? [name] : [SEPARATOR, name]))
}
