import { Deque } from './deque.ts'
import type { Entry, EntryFlag } from './entry.ts'
import { entryOf, isReadFromPath, lookAgain, unreadableEntry, wasChanged } from './stored-entry.ts'
import type { ListedLine } from './listed-line.ts'
import type { Member } from './tar-member.ts'
import type { Found } from './walk.ts'
import { isWayCertain } from './way.ts'

/** Names that wait for their place in the list; the walk is ahead of the archive by no more. */
const MOST_WAITING = 20_000
/** Files that are read again. */
const MOST_PENDING = 10_000
/** Members of one directory that are judged together. */
const MOST_STORED = 200

/** The place of a name in the list. */
interface Slot {
  /** undefined: not known yet; null: it has no entry. */
  entry: Entry | ListedLine | null | undefined
  /** Its place in the list has passed: its entry is inserted later. */
  isLate: boolean
}

interface Given {
  readonly found: Found
  readonly slot: Slot
}

/** A member that tar has written. */
interface Stored {
  readonly given: Given
  readonly member: Member
  readonly sha256: string | null
  readonly base: number
  readonly isLastTime: boolean
}

export interface AssemblyEvents {
  /** In the order of the list. */
  onEntry(entry: Entry | ListedLine): void
  onUnreadable(found: Found): void
  onVanished(): void
}

/**
 * Joins the names of a walk with the members that tar makes of them, and so makes the entries of the list in its order.
 * It holds the names that tar has been given and has not written yet, the names after them up to a limit, and the files
 * that must be read again.
 */
export class Assembly {
  readonly #events: AssemblyEvents
  readonly #depth: number
  readonly #order = new Deque<Slot>()
  readonly #given = new Deque<Given>()
  readonly #inserted: Entry[] = []
  #pending = new Map<string, Found>()
  #stored: Stored[] = []

  constructor (depth: number, events: AssemblyEvents) {
    this.#depth = depth
    this.#events = events
  }

  /** Entries that `onEntry` did not get, because their place in the list has passed. */
  get inserted (): readonly Entry[] {
    return this.#inserted
  }

  /** A name whose entry is known. */
  add (entry: Entry | ListedLine): void {
    this.#push({ entry, isLate: false })
  }

  /** A name that tar is given. */
  give (found: Found): void {
    const slot: Slot = { entry: undefined, isLate: false }
    this.#given.push({ found, slot })
    this.#push(slot)
  }

  /** A name that is read again: its place in the list has passed. */
  giveAgain (found: Found): void {
    this.#given.push({ found, slot: { entry: undefined, isLate: true } })
  }

  /**
   * A member that tar has written; the names that it was given before are missing in the archive. `isLastTime`: what
   * was changed while it was read is kept as it is, and not read again. Returns false for a member of no given name.
   */
  store (member: Member, sha256: string | null, base: number, isLastTime: boolean): boolean {
    const isOf = ({ found }: Given): boolean => found.path.equals(member.path)
    if (!this.#given.some(isOf)) return false
    for (let given = this.#given.shift(); given !== undefined; given = this.#given.shift()) {
      if (isOf(given)) {
        const isOfOther = this.#stored[0]?.given.found.way !== given.found.way
        if (isOfOther || this.#stored.length >= MOST_STORED) this.#judge()
        this.#stored.push({ given, member, sha256, base, isLastTime })
        return true
      }
      this.#miss(given)
    }
    return false
  }

  /** tar has ended: the names that are left are missing in the archive. */
  endRun (): void {
    this.#judge()
    for (let given = this.#given.shift(); given !== undefined; given = this.#given.shift()) this.#miss(given)
  }

  /** The files that must be read again, in the order of the list. */
  takePending (): readonly Found[] {
    const pending = [...this.#pending.values()]
    this.#pending = new Map()
    return pending
  }

  /** All of these members have been read, from one directory: whether their path led there is found out once. */
  #judge (): void {
    const stored = this.#stored
    this.#stored = []
    const isCertain = isWayCertain(stored[0]?.given.found.way)
    for (const one of stored) this.#settle(one.given.slot, this.#entryOf(one, isCertain))
  }

  #entryOf ({ given: { found }, member, sha256, base, isLastTime }: Stored, isCertain: boolean): Entry | null {
    // The members of all names of a file stand together, so that each reader links them to its last content.
    const isOfPending = member.target !== null && this.#pending.has(keyOf(member.target))
    // tar follows a symbolic link that is put in the place of a directory.
    const isElsewhere = !isCertain && member.type === 'file' && !isReadFromPath(found, member, sha256)
    const isChanged = isElsewhere || wasChanged(found, member)
    if (isOfPending || (isChanged && !isLastTime && this.#pending.size < MOST_PENDING)) {
      this.#pending.set(keyOf(found.path), found)
      return null
    }
    if (isElsewhere || (isChanged && member.type === 'hardlink')) {
      // tar takes a file for another one that had its number and is gone: its content is not in the archive.
      this.#events.onUnreadable(found)
      return unreadableEntry(found, this.#depth)
    }
    const flags: readonly EntryFlag[] = isChanged ? ['changed'] : []
    return entryOf(found, member, sha256, { base, depth: this.#depth }, flags)
  }

  #miss ({ found, slot }: Given): void {
    if (lookAgain(found.path) === undefined) {
      this.#events.onVanished()
      this.#settle(slot, null)
      return
    }
    this.#events.onUnreadable(found)
    this.#settle(slot, unreadableEntry(found, this.#depth))
  }

  #push (slot: Slot): void {
    this.#order.push(slot)
    this.#flush()
    // tar holds back what does not fill a record, so the first name may wait until the end.
    while (this.#order.length > MOST_WAITING) {
      const first = this.#order.shift()
      if (first !== undefined) first.isLate = true
      this.#flush()
    }
  }

  #settle (slot: Slot, entry: Entry | null): void {
    slot.entry = entry
    if (!slot.isLate) this.#flush()
    else if (entry !== null) this.#inserted.push(entry)
  }

  #flush (): void {
    for (let first = this.#order.first; first !== undefined; first = this.#order.first) {
      if (first.entry === undefined) return
      if (first.entry !== null) this.#events.onEntry(first.entry)
      this.#order.shift()
    }
  }
}

function keyOf (path: Buffer): string {
  return path.toString('latin1')
}
