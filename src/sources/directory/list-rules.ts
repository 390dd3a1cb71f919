import { parentOf, ROOT } from './entry-path.ts'
import { shortPath } from './short-path.ts'
import type { Entry } from './entry.ts'
import { MalformedError } from './malformed.ts'
import { PathSet } from './path-set.ts'

/** Bytes of a path, and of a name in it, as Linux limits them: `PATH_MAX` without its final zero, and `NAME_MAX`. */
const LONGEST_PATH = 4095
const LONGEST_NAME = 255
/** `chown(2)` takes the next number for "leave the owner as it is". */
const LARGEST_OWNER = 2 ** 32 - 2
/** Times outside of what 64 bits of seconds can count are refused. Digits of nanoseconds. */
const LONGEST_TIME = /^-?\d{1,19}$/
const SLASH = 0x2f

/**
 * The rules that hold between the entries of a list, so that a list that was made to do harm leads nowhere outside of
 * the directory. The parent of every path is a directory of the list, and never a link; a hard link leads to a file of
 * the list. What an entry must satisfy alone, and their order, is checked by `readEntries`. Memory: 16 bytes for each
 * file.
 */
export class ListRules {
  readonly #depth: number
  readonly #files = new PathSet()
  /** The directories that the last entry is in, the innermost last. */
  readonly #open: Buffer[] = []
  #isFirst = true

  /** `depth`: the number of increments between the backup and its full backup. */
  constructor (depth: number) {
    this.#depth = depth
  }

  /** Throws `MalformedError` for an entry that breaks a rule. To be called for every entry, in their order. */
  require (entry: Entry): void {
    const problem = this.#placeProblem(entry) ?? this.#contentProblem(entry) ?? ownerProblem(entry)
    if (problem !== undefined) throw new MalformedError(`the entry "${shortPath(entry.path)}" ${problem}`)
    if (entry.type === 'file') this.#files.add(entry.path)
    if (entry.type === 'directory') this.#open.push(entry.path)
    this.#isFirst = false
  }

  #placeProblem ({ path, type }: Entry): string | undefined {
    if (path.length > LONGEST_PATH || hasLongName(path)) return 'has a longer path than a file system allows'
    if (path.equals(ROOT)) return type === 'directory' ? undefined : 'is not a directory'
    if (this.#isFirst) {
      return type === 'file' && !path.includes(SLASH) ? undefined : 'is first, in place of the directory itself'
    }
    const parent = parentOf(path)
    while (this.#open.at(-1)?.equals(parent) === false) this.#open.pop()
    return this.#open.length === 0 ? 'is inside something that is not a directory of the list' : undefined
  }

  #contentProblem ({ type, size, target, stored, sparse, in: depth, flags }: Entry): string | undefined {
    if (depth > this.#depth) return `is in link ${depth} of a chain that ends with link ${this.#depth}`
    if (type === 'hardlink' && !(target !== undefined && this.#files.has(target))) {
      return 'is a hard link to something that is not an earlier file of the list'
    }
    if (type === 'symlink' && (target?.length ?? 0) > LONGEST_PATH) return 'is a link to a path that is too long'
    if (type !== 'file') return size === 0 ? undefined : 'is not a file and has a size'
    if (flags?.includes('unreadable') === true || sparse === true) return undefined
    return stored === size ? undefined : 'has another size in the archive than in the list'
  }
}

function hasLongName (path: Buffer): boolean {
  for (let start = 0; start < path.length;) {
    const slash = path.indexOf(SLASH, start)
    const end = slash < 0 ? path.length : slash
    if (end - start > LONGEST_NAME) return true
    start = end + 1
  }
  return false
}

function ownerProblem ({ uid, gid, mtime }: Entry): string | undefined {
  if (uid > LARGEST_OWNER || gid > LARGEST_OWNER) return 'has an owner that no system knows'
  return LONGEST_TIME.test(mtime) ? undefined : 'has a time that no system knows'
}
