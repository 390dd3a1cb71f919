import { isStored } from './archive-join.ts'
import { parentOf, ROOT } from './entry-path.ts'
import type { Entry } from './entry.ts'
import type { Glob } from './glob.ts'
import { PathSet } from './path-set.ts'

/**
 * What of a list is extracted. It must see the whole list (`learn`) before it answers: a directory is extracted for its
 * content, and a file under the name of the first selected hard link to it, where its own name is not selected.
 */
export class Selection {
  readonly #globs: readonly Glob[] | null
  /** Directories that contain something selected. */
  readonly #parents = new PathSet()
  /** Files that could not be read when the backup was made. */
  readonly #lost = new PathSet()
  /** By the path of a file whose name is not selected: the first selected hard link to it. */
  readonly #adopted = new Map<string, Buffer>()
  readonly #matched = new Set<Glob>()

  /** null: everything. */
  constructor (globs: readonly Glob[] | null) {
    this.#globs = globs
  }

  /** Patterns that have matched nothing so far. */
  get unmatched (): readonly Glob[] {
    return (this.#globs ?? []).filter(glob => !this.#matched.has(glob))
  }

  learn (entry: Entry): void {
    const { path, type, target } = entry
    if (this.isUnreadable(entry)) this.#lost.add(path)
    if (this.#globs === null) return
    const text = textOf(path)
    const matching = this.#globs.filter(glob => glob.matches(text))
    if (matching.length === 0) return
    for (const glob of matching) this.#matched.add(glob)
    for (let parent = path; !parent.equals(ROOT);) {
      parent = parentOf(parent)
      if (this.#parents.has(parent)) break
      this.#parents.add(parent)
    }
    if (type === 'hardlink' && target !== undefined && !this.#isSelected(target)) {
      const key = target.toString('latin1')
      if (!this.#adopted.has(key)) this.#adopted.set(key, path)
    }
  }

  /** Whether the entry is selected. */
  has ({ path }: Entry): boolean {
    return this.#isSelected(path)
  }

  /** Whether no archive has the content of the entry. */
  isUnreadable (entry: Entry): boolean {
    return !isStored(entry) || (entry.type === 'hardlink' && entry.target !== undefined && this.#lost.has(entry.target))
  }

  /** The entry as it is extracted, perhaps under another path; undefined: it is not. */
  wanted (entry: Entry): Entry | undefined {
    if (this.isUnreadable(entry)) return undefined
    if (this.#globs === null) return entry
    const { path, type, target } = entry
    if (type === 'directory') return this.#isSelected(path) || this.#parents.has(path) ? entry : undefined
    if (type !== 'hardlink' || target === undefined) {
      if (this.#isSelected(path)) return entry
      const adopted = this.#adopted.get(path.toString('latin1'))
      return adopted === undefined ? undefined : { ...entry, path: adopted }
    }
    if (!this.#isSelected(path)) return undefined
    const adopted = this.#adopted.get(target.toString('latin1'))
    if (adopted === undefined) return entry
    return adopted.equals(path) ? undefined : { ...entry, target: adopted }
  }

  #isSelected (path: Buffer): boolean {
    if (this.#globs === null) return true
    const text = textOf(path)
    return this.#globs.some(glob => glob.matches(text))
  }
}

/** The path as patterns see it: of bytes that are no UTF-8 each is one character that only `?`, `*` and `**` match. */
export function textOf (path: Buffer): string {
  return path.toString('utf8')
}
