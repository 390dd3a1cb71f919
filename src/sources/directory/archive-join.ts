import type { Readable } from 'node:stream'
import { counted } from '../../core/counted.ts'
import { comparePaths, shownPath } from './entry-path.ts'
import { shortPath } from './short-path.ts'
import type { Entry } from './entry.ts'
import { MalformedError } from './malformed.ts'
import { PathSet } from './path-set.ts'
import { named, type Names } from './tally.ts'
import type { Member } from './tar-member.ts'
import { TarScanner } from './tar-scanner.ts'

/** Opens the list of a backup from its beginning; may be called several times. */
export type OpenList = () => AsyncGenerator<Entry, void>

/** A member of the archive that is the stored form of an entry, in pieces. */
export type Joined =
  | { readonly type: 'member', readonly entry: Entry, readonly member: Member }
  | { readonly type: 'data', readonly entry: Entry, readonly data: Buffer }
  /** `sha256`: of the data; null: only a file has data. */
  | { readonly type: 'end', readonly entry: Entry, readonly sha256: string | null }

/**
 * What was read again because it had changed follows in the order of the list after everything else, and so may happen
 * once more. An archive in no order would make the list be read for every member.
 */
const MOST_ROUNDS = 8
/** Of missing entries, so many are named. */
const NAMED = 5

/** How an archive and its list fit together; read it after the last joined member. */
export interface JoinResult {
  /** Members that belong to an entry, and those that belong to none: superseded, or not in the list. */
  joined: number
  ignored: number
  /** Entries that should be in the archive and are not. */
  missing: Names
}

export function noneJoined (): JoinResult {
  return { joined: 0, ignored: 0, missing: { count: 0, paths: [] } }
}

/** What is missing, for a message: `lacks 2 entries of its list: "a", "b"`. */
export function lacking ({ missing }: JoinResult): string {
  return `lacks ${counted(missing.count, 'entry', 'entries')} of its list: ${named(missing, NAMED)}`
}

type ScanEvent =
  | { readonly type: 'member', readonly member: Member }
  | { readonly type: 'data', readonly data: Buffer }
  | { readonly type: 'end', readonly sha256: string | null }

/**
 * Joins an archive with the entries of its list that are in it (`in` is `depth`), in the order of the archive. Memory
 * does not depend on the number of entries that are in order. Members that belong to no entry are counted and passed
 * over. Throws `MalformedError` for an archive that does not follow its format, and what the streams error with.
 */
export async function* joinArchive (
  archive: Readable,
  openList: OpenList,
  depth: number,
  result: JoinResult
): AsyncGenerator<Joined, void> {
  const round = new Rounds(openList, depth, result)
  let entry: Entry | undefined
  try {
    for await (const event of scanned(archive)) {
      if (event.type === 'member') {
        entry = await round.entryOf(event.member)
        if (entry !== undefined) yield { type: 'member', entry, member: event.member }
      } else if (entry !== undefined) {
        yield event.type === 'data'
          ? { type: 'data', entry, data: event.data }
          : { type: 'end', entry, sha256: event.sha256 }
      }
    }
    await round.finish()
  } finally {
    await round.close()
  }
}

async function* scanned (archive: Readable): AsyncGenerator<ScanEvent, void> {
  let found: ScanEvent[] = []
  const scanner = new TarScanner({
    onMember: member => found.push({ type: 'member', member }),
    onData: data => found.push({ type: 'data', data }),
    onEnd: (_member, sha256) => found.push({ type: 'end', sha256 })
  })
  for await (const chunk of archive as AsyncIterable<Buffer>) {
    scanner.write(chunk)
    yield* found
    found = []
  }
  scanner.end()
}

/** Goes through the list once for each run of members that are in its order. */
class Rounds {
  readonly #openList: OpenList
  readonly #depth: number
  readonly #result: JoinResult
  #entries: AsyncGenerator<Entry, void>
  /** The next entry that should be in the archive; null: the list is at its end; undefined: not read yet. */
  #next: Entry | null | undefined
  #last: Buffer | undefined
  #round = 1
  /** Entries that the first round passed over, and those of them that came later. */
  readonly #late = new PathSet()
  readonly #found = new PathSet()
  readonly #missing = new Map<string, Buffer>()

  constructor (openList: OpenList, depth: number, result: JoinResult) {
    this.#openList = openList
    this.#depth = depth
    this.#result = result
    this.#entries = openList()
  }

  async entryOf (member: Member): Promise<Entry | undefined> {
    if (this.#last !== undefined && comparePaths(member.path, this.#last) <= 0) await this.#restart(member)
    this.#last = member.path
    let next = await this.#peek()
    while (next !== null && comparePaths(next.path, member.path) < 0) {
      this.#pass(next)
      next = await this.#advance()
    }
    if (next === null || comparePaths(next.path, member.path) !== 0) {
      this.#result.ignored++
      return undefined
    }
    await this.#advance()
    if (!isStoredForm(next, member)) {
      this.#pass(next)
      this.#result.ignored++
      return undefined
    }
    if (this.#round > 1 && !this.#isLate(next)) return undefined
    this.#result.joined++
    return next
  }

  /** Goes on to the end of the list; sums up what is missing. */
  async finish (): Promise<void> {
    if (this.#round === 1) {
      for (let next = await this.#peek(); next !== null; next = await this.#advance()) this.#pass(next)
    }
    const missing = [...this.#missing.values()].filter(path => !this.#found.has(path))
    this.#result.missing = { count: this.#late.size - this.#found.size, paths: missing.slice(0, NAMED).map(shownPath) }
  }

  async close (): Promise<void> {
    await this.#entries.return()
  }

  async #restart (member: Member): Promise<void> {
    if (this.#round === 1) {
      for (let next = await this.#peek(); next !== null; next = await this.#advance()) this.#pass(next)
    }
    this.#round++
    if (this.#round > MOST_ROUNDS) {
      throw new MalformedError(
        `the members of the tar archive are not in the order of the list: "${shortPath(member.path)}"`
      )
    }
    await this.#entries.return()
    this.#entries = this.#openList()
    this.#next = undefined
  }

  async #peek (): Promise<Entry | null> {
    return this.#next === undefined ? await this.#advance() : this.#next
  }

  async #advance (): Promise<Entry | null> {
    for (;;) {
      const { value, done } = await this.#entries.next()
      const isNext = done === true || (value.in === this.#depth && isStored(value))
      if (!isNext) continue
      this.#next = done === true ? null : value
      return this.#next
    }
  }

  /** The archive has gone past the place of this entry. */
  #pass ({ path }: Entry): void {
    if (this.#round > 1) return
    this.#late.add(path)
    if (this.#missing.size < 10 * NAMED) this.#missing.set(path.toString('latin1'), path)
  }

  #isLate ({ path }: Entry): boolean {
    if (!this.#late.has(path) || this.#found.has(path)) return false
    this.#found.add(path)
    return true
  }
}

/** Whether an archive has the entry. */
export function isStored ({ flags }: Entry): boolean {
  return flags?.includes('unreadable') !== true
}

/** Whether the member is the one from which the entry was made. */
function isStoredForm (entry: Entry, member: Member): boolean {
  return entry.type === member.type &&
    (entry.type !== 'file' || entry.offset === member.offset) &&
    entry.size === (entry.type === 'file' ? member.size : 0) &&
    (entry.stored ?? 0) === member.stored &&
    (entry.sparse ?? false) === member.isSparse &&
    BigInt(entry.mtime) === member.mtime &&
    entry.mode === member.mode &&
    entry.uid === member.uid &&
    entry.gid === member.gid &&
    (entry.target ?? EMPTY).equals(member.target ?? EMPTY)
}

const EMPTY = Buffer.alloc(0)
