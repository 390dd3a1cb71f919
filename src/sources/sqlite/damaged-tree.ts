import type { DamagedFile } from './damaged-file.ts'
import { readRecord, readVarint, type Value } from './record.ts'

/** https://sqlite.org/fileformat2.html, "B-tree Pages". */
const TABLE = { interior: 5, leaf: 13 } as const
const INDEX = { interior: 2, leaf: 10 } as const
const [INTERIOR_HEADER, LEAF_HEADER] = [12, 8]
/** The first page begins with the header of the file. */
const FILE_HEADER = 100

export type TreeKind = 'table' | 'index'

/** One row as it lies in the file. */
export interface FoundRow {
  readonly page: number
  /** null in an index, and in a table WITHOUT ROWID. */
  readonly rowid: bigint | null
  readonly values: readonly Value[]
  /** Whether every value is there. */
  readonly isWhole: boolean
}

/** Reads trees of pages, remembers which pages it has seen, and counts those that are not what they should be. */
export class DamagedTrees {
  readonly #file: DamagedFile
  readonly #seen: Uint8Array
  #damaged = 0

  constructor (file: DamagedFile) {
    this.#file = file
    this.#seen = new Uint8Array(file.pages + 1)
    for (const page of freePages(file)) this.#seen[page] = 1
  }

  get damagedPages (): number {
    return this.#damaged
  }

  /** What the page `root` is by its looks. */
  kindOf (root: number): TreeKind {
    const type = this.#file.page(root)?.[startOf(root)]
    return type === INDEX.interior || type === INDEX.leaf ? 'index' : 'table'
  }

  /**
   * Every row that can be reached from the page `root`, in the order of the tree. A page is read once, whatever leads
   * to it.
   */
  *rows (root: number, kind: TreeKind): Generator<FoundRow> {
    const { interior, leaf } = kind === 'table' ? TABLE : INDEX
    const ahead = [root]
    for (let number = ahead.pop(); number !== undefined; number = ahead.pop()) {
      const page = this.#file.page(number)
      const type = page?.[startOf(number)]
      if (page === undefined || (type !== interior && type !== leaf) || this.#isSeenInTree(number)) {
        this.#damaged++
        continue
      }
      this.#seen[number] = 2
      if (type === interior) ahead.push(...childrenOf(page, number).reverse())
      if (type === leaf || kind === 'index') yield* this.#rowsOf(page, number, kind)
    }
  }

  /**
   * Rows on pages that no tree leads to any more. Call it when every tree has been read. Those of indexes only if they
   * are asked for: most say nothing new.
   */
  *orphans (withIndexes: boolean): Generator<FoundRow> {
    for (let number = 1; number <= this.#file.pages; number++) {
      if (this.#seen[number] !== 0) continue
      const page = this.#file.page(number)
      const type = page?.[startOf(number)]
      if (page === undefined) continue
      if (type === TABLE.leaf) yield* this.#rowsOf(page, number, 'table')
      else if (type === INDEX.leaf && withIndexes) yield* this.#rowsOf(page, number, 'index')
    }
  }

  /** A tree knows better than the list of free pages. */
  #isSeenInTree (number: number): boolean {
    return this.#seen[number] === 2
  }

  *#rowsOf (page: Buffer, number: number, kind: TreeKind): Generator<FoundRow> {
    const cells = cellsOf(page, number)
    let isDamaged = cells.length < cellCount(page, number)
    for (const at of cells) {
      const row = this.#readCell(page, number, at, kind)
      if (row === undefined) isDamaged = true
      else yield row
    }
    if (isDamaged) this.#damaged++
  }

  #readCell (page: Buffer, number: number, at: number, kind: TreeKind): FoundRow | undefined {
    const isInterior = page[startOf(number)] === INDEX.interior
    const payload = readVarint(page, isInterior ? at + 4 : at)
    const key = kind === 'index' || payload === undefined ? undefined : readVarint(page, payload.next)
    if (payload === undefined || (kind === 'table' && key === undefined)) return undefined
    const total = Number(payload.value)
    if (total > this.#file.pages * this.#file.pageSize) return undefined
    const bytes = this.#payload(page, key?.next ?? payload.next, total, kind)
    const values = bytes === undefined ? undefined : readRecord(bytes, total)
    if (bytes === undefined || values === undefined) return undefined
    return {
      page: number,
      rowid: key === undefined ? null : BigInt.asIntN(64, key.value),
      values,
      isWhole: !values.includes(undefined)
    }
  }

  /**
   * The payload of a cell, with what overflowed onto other pages; shorter than `total` where their chain breaks off.
   */
  #payload (page: Buffer, at: number, total: number, kind: TreeKind): Buffer | undefined {
    const { usable, pages } = this.#file
    const local = localLength(usable, total, kind)
    if (at + local + (local < total ? 4 : 0) > usable) return undefined
    const parts = [page.subarray(at, at + local)]
    if (local === total) return parts[0]
    let next = page.readUInt32BE(at + local)
    for (let [left, steps] = [total - local, 0]; left > 0 && steps < pages; steps++) {
      const more = this.#file.page(next)
      // The header of the first page, and a page of a tree, are never overflow.
      if (more === undefined || next === 1 || this.#isSeenInTree(next)) break
      const length = Math.min(left, usable - 4)
      parts.push(more.subarray(4, 4 + length))
      left -= length
      next = more.readUInt32BE(0)
      if (left > 0 && next === 0) break
    }
    return Buffer.concat(parts)
  }
}

function startOf (number: number): number {
  return number === 1 ? FILE_HEADER : 0
}

function headerOf (page: Buffer, number: number): number {
  const isInterior = [TABLE.interior, INDEX.interior].includes(page[startOf(number)] as 2 | 5)
  return startOf(number) + (isInterior ? INTERIOR_HEADER : LEAF_HEADER)
}

function cellCount (page: Buffer, number: number): number {
  return page.readUInt16BE(startOf(number) + 3)
}

/** Where the cells of a page begin; those that would lie outside of it are left out. */
function cellsOf (page: Buffer, number: number): number[] {
  const first = headerOf(page, number)
  const count = Math.min(cellCount(page, number), Math.floor((page.length - first) / 2))
  return Array.from({ length: count }, (_, i) => page.readUInt16BE(first + 2 * i)).filter(cell =>
    cell > first && cell + 4 <= page.length
  )
}

function childrenOf (page: Buffer, number: number): number[] {
  return [...cellsOf(page, number).map(at => page.readUInt32BE(at)), page.readUInt32BE(startOf(number) + 8)]
}

/** How much of a payload lies in the cell itself: "Cell Payload Overflow Pages". */
function localLength (usable: number, total: number, kind: TreeKind): number {
  const most = kind === 'table' ? usable - 35 : Math.floor((usable - 12) * 64 / 255) - 23
  if (total <= most) return total
  const least = Math.floor((usable - 12) * 32 / 255) - 23
  const fitting = least + (total - least) % (usable - 4)
  return fitting <= most ? fitting : least
}

/** The pages that the file itself calls free: what was deleted is not lost. */
function freePages (file: DamagedFile): Set<number> {
  const free = new Set<number>()
  for (let trunk = file.firstTrunk; trunk !== 0 && !free.has(trunk);) {
    const page = file.page(trunk)
    if (page === undefined) break
    free.add(trunk)
    const count = Math.min(page.readUInt32BE(4), file.usable / 4 - 2)
    for (let i = 0; i < count; i++) {
      const leaf = page.readUInt32BE(8 + 4 * i)
      if (leaf > 1 && leaf <= file.pages) free.add(leaf)
    }
    trunk = page.readUInt32BE(0)
  }
  return free
}
