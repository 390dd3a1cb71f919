import { createHash } from 'node:crypto'
import { closeSync, createReadStream, openSync, renameSync, writeSync } from 'node:fs'
import { comparePaths } from './entry-path.ts'
import { entryLine, FILES_HEADER, readEntries, type Entry } from './entry.ts'
import type { ListedLine } from './listed-line.ts'
import { ListCounts, type ListTotals } from './list-counts.ts'

/** Characters that are written at once. */
const BUFFERED = 64 * 1024

export interface FinishedList {
  /** Of the whole list, in hex. */
  readonly sha256: string
  /** `stored`: files whose content is in the archive of this backup itself. */
  readonly totals: ListTotals & { readonly stored: number }
}

/** A list of files on its way to the disk. Throws what the system throws. */
export class ListFile {
  readonly #fd: number
  readonly #hash = createHash('sha256')
  readonly #counts = new ListCounts()
  #stored = 0
  readonly #depth: number
  #text = FILES_HEADER

  /** `path` must not exist. `depth`: of the backup in its chain. */
  constructor (path: string, depth: number) {
    this.#fd = openSync(path, 'wx', 0o600)
    this.#depth = depth
  }

  add (entry: Entry): void {
    this.#text += entryLine(entry)
    this.#counts.add(entry)
    if (entry.in === this.#depth && entry.offset !== undefined) this.#stored++
    if (this.#text.length >= BUFFERED) this.#flush()
  }

  /** A file of an older archive, as the list of the parent has it. */
  addLine ({ line, size }: ListedLine): void {
    this.#text += line
    this.#counts.add({ type: 'file', size })
    if (this.#text.length >= BUFFERED) this.#flush()
  }

  end (): FinishedList {
    this.#flush()
    closeSync(this.#fd)
    return { sha256: this.#hash.digest('hex'), totals: { ...this.#counts.totals, stored: this.#stored } }
  }

  #flush (): void {
    const bytes = Buffer.from(this.#text)
    this.#text = ''
    this.#hash.update(bytes)
    for (let done = 0; done < bytes.length;) done += writeSync(this.#fd, bytes, done)
  }
}

/**
 * Completes the finished list at `path`: puts `inserted` entries at their places, for which it has no others, and marks
 * those of `lost` paths (one character for each byte) as unreadable, and so hard links to them. Resolves with the new
 * digest and totals; rejects with what the system throws.
 */
export async function correctList (
  path: string,
  depth: number,
  inserted: readonly Entry[],
  lost: ReadonlySet<string>
): Promise<FinishedList> {
  const sorted = inserted.toSorted((a, b) => comparePaths(a.path, b.path))
  const corrected = `${path}.corrected`
  const list = new ListFile(corrected, depth)
  const isLost = (name: Buffer | undefined): boolean => name !== undefined && lost.has(name.toString('latin1'))
  const add = (entry: Entry | undefined): void => {
    if (entry === undefined) return
    list.add(isLost(entry.path) || (entry.type === 'hardlink' && isLost(entry.target)) ? withoutContent(entry) : entry)
  }
  let next = 0
  for await (const entry of readEntries(createReadStream(path))) {
    while (isBefore(sorted[next], entry)) add(sorted[next++])
    add(entry)
  }
  for (const entry of sorted.slice(next)) add(entry)
  const result = list.end()
  renameSync(corrected, path)
  return result
}

function isBefore (one: Entry | undefined, other: Entry): boolean {
  return one !== undefined && comparePaths(one.path, other.path) < 0
}

function withoutContent ({ sha256, sparse, offset, stored, ...entry }: Entry): Entry {
  return { ...entry, flags: ['unreadable'] }
}
