import { BackupError } from '../../core/errors.ts'
import type { OpenList } from './archive-join.ts'
import { ROOT, shownPath } from './entry-path.ts'
import type { Entry } from './entry.ts'
import type { Glob } from './glob.ts'
import { ListRules } from './list-rules.ts'
import { Selection } from './selection.ts'
import { Tally, type Names } from './tally.ts'

/** Of what cannot be restored, so many paths are named. */
const NAMED = 5

/** What is extracted of a tree. */
export interface TreePlan {
  /** The entry as it is extracted, perhaps under another path; undefined: it is not. */
  wanted(entry: Entry): Entry | undefined
  /** Whether only what patterns match is extracted. */
  readonly isSelection: boolean
  /** By the depth of a link: what is extracted from its archive. Links with nothing are left out. */
  readonly links: ReadonlyMap<number, LinkShare>
  /** The sum of all links. */
  readonly total: LinkShare
  /** The name of the source, where it is a single file; null: it is a directory. */
  readonly single: Buffer | null
  /** Selected entries whose content is not in the backup, because they could not be read when it was made. */
  readonly unreadable: Names
}

export interface LinkShare {
  entries: number
  files: number
  /** Of the data of the files in the archive. */
  bytes: number
}

/**
 * Checks a whole list, and finds out what is extracted: all of it, or what one of the patterns `only` matches, with the
 * directories that this is in. Reads the list once, with patterns twice. `depth`: that of the last link of the chain;
 * `look`: called once for each entry, in their order. Throws `MalformedError`, and `PATH_NOT_FOUND` for a pattern that
 * matches nothing.
 */
export async function planTree (
  openList: OpenList,
  depth: number,
  only: readonly Glob[] | null,
  look: (entry: Entry) => void = () => {}
): Promise<TreePlan> {
  const selection = new Selection(only)
  const rules = new ListRules(depth)
  const shares = new Shares(selection)
  let single: Buffer | null = null
  let isFirst = true
  for await (const entry of openList()) {
    rules.require(entry)
    look(entry)
    selection.learn(entry)
    // What is selected is only known once the whole list was seen.
    if (only === null) shares.add(entry)
    if (isFirst && !entry.path.equals(ROOT)) single = entry.path
    isFirst = false
  }
  const [unmatched] = selection.unmatched
  if (unmatched !== undefined) throw notFound(unmatched)
  if (only !== null) { for await (const entry of openList()) shares.add(entry) }
  const { links, total, unreadable } = shares
  return {
    single,
    isSelection: only !== null,
    wanted: entry => selection.wanted(entry),
    links,
    total,
    unreadable: unreadable.result()
  }
}

/** Sums up what is extracted. */
class Shares {
  readonly links = new Map<number, LinkShare>()
  readonly total: LinkShare = { entries: 0, files: 0, bytes: 0 }
  readonly unreadable = new Tally(NAMED)
  readonly #selection: Selection

  constructor (selection: Selection) {
    this.#selection = selection
  }

  add (entry: Entry): void {
    if (this.#selection.isUnreadable(entry) && this.#selection.has(entry)) {
      this.unreadable.add(shownPath(entry.path))
    }
    const wanted = this.#selection.wanted(entry)
    if (wanted === undefined) return
    const share = this.links.get(entry.in) ?? { entries: 0, files: 0, bytes: 0 }
    this.links.set(entry.in, share)
    for (const sum of [share, this.total]) {
      sum.entries++
      if (wanted.type !== 'file') continue
      sum.files++
      sum.bytes += wanted.stored ?? 0
    }
  }
}

function notFound ({ pattern }: Glob): BackupError {
  return new BackupError('PATH_NOT_FOUND', `the backup has no file that matches "${pattern.slice(0, 200)}"`, {
    hint: 'List the files of the backup with "holdfast files"; a pattern begins at the directory of the source.'
  })
}
