import { parentOf, pathProblem, ROOT, shownPath } from './entry-path.ts'
import { MalformedError } from './malformed.ts'
import { PathSet } from './path-set.ts'
import type { Member } from './tar-member.ts'

const SLASH = 0x2f
const DOT = 0x2e

/**
 * The rules that an archive of another program must follow, so that extracting it writes nothing outside of the
 * directory that it is extracted to: relative paths without `..`, no two members of one name, nothing inside a file or
 * a link, and hard links only to earlier files of the archive. Memory: 16 bytes for each member.
 */
export class ImportRules {
  readonly #directories = new PathSet()
  readonly #files = new PathSet()
  readonly #links = new PathSet()
  /** The names of the directories that all members but these directories are in; undefined: no member has come. */
  #common: readonly Buffer[] | undefined
  /** Devices and FIFOs. */
  leftOut = 0
  /** Members that are extracted, and the bytes of their data. */
  members = 0
  bytes = 0

  /** The directory that all members are in, as its names from the top. */
  get common (): readonly Buffer[] {
    return this.#common ?? []
  }

  /** To be called for every member. Throws `MalformedError`. false: the member is left out. */
  require (member: Member): boolean {
    const path = cleanPath(member.path, member.path)
    if (member.type === 'device' || member.type === 'fifo') {
      this.leftOut++
      return false
    }
    if (this.#files.has(path) || this.#links.has(path)) throw wrong(path, 'is in the archive twice')
    if (member.type !== 'directory' && (path.equals(ROOT) || this.#directories.has(path))) {
      throw wrong(path, 'is a directory and something else')
    }
    for (let parent = path; !parent.equals(ROOT);) {
      parent = parentOf(parent)
      if (this.#files.has(parent) || this.#links.has(parent)) throw wrong(path, 'is inside a file or a link')
      this.#directories.add(parent)
    }
    if (member.type === 'hardlink' && !this.#files.has(cleanPath(member.target ?? ROOT, path))) {
      throw wrong(path, 'is a hard link to something that is not an earlier file of the archive')
    }
    if (member.type === 'directory') this.#directories.add(path)
    else (member.type === 'symlink' ? this.#links : this.#files).add(path)
    this.#narrow(member.type === 'directory' ? path : parentOf(path))
    this.members++
    this.bytes += member.stored
    return true
  }

  /** A directory on the way to the others does not end what they have in common. */
  #narrow (directory: Buffer): void {
    const names = namesOf(directory)
    const common = this.#common
    if (common === undefined) {
      this.#common = names
      return
    }
    const end = common.findIndex((name, index) => names[index]?.equals(name) !== true)
    if (end >= 0) this.#common = common.slice(0, end)
  }
}

/** The path without `./` before it. Throws `MalformedError` unless it stays below the top. */
export function cleanPath (given: Buffer, member: Buffer): Buffer {
  let path = given
  while (path.length > 2 && path[0] === DOT && path[1] === SLASH) path = path.subarray(2)
  const problem = pathProblem(path)
  if (problem !== undefined) throw wrong(member, path === member ? problem : `has a path that ${problem}`)
  return path
}

export function namesOf (path: Buffer): readonly Buffer[] {
  if (path.equals(ROOT)) return []
  const names: Buffer[] = []
  for (let start = 0; start <= path.length;) {
    const slash = path.indexOf(SLASH, start)
    const end = slash < 0 ? path.length : slash
    names.push(path.subarray(start, end))
    start = end + 1
  }
  return names
}

function wrong (path: Buffer, problem: string): MalformedError {
  return new MalformedError(`the member "${shownPath(path)}" ${problem}`)
}
