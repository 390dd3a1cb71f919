import { hash, randomBytes } from 'node:crypto'
import { BackupError } from '../../core/errors.ts'
import type { ListedEntry } from '../../core/restore/tree.ts'

/**
 * Paths that the rows of one query name, and each pair of a path and a SHA-256 as one more: 9 bytes of memory for each,
 * in a table that is at most half full and grows to twice its size, so at most 56 MiB.
 */
const MOST_KEYS = 2 ** 21
/** Hard links whose content a row gives: they are compared with the file that they are a link to. */
const MOST_LINKS = 100_000

/** Of every key in the table. */
const IS_NAMED = 1
const FOUND = 2
/** The backup has the entry, a file with holes or a symbolic link, and no SHA-256 that could be compared. */
const IS_INCOMPARABLE = 4
/** The backup has the name of the file without its content. */
const IS_UNREADABLE = 8
/** A row names the path with a SHA-256. */
const HAS_DIGEST = 16

/** Why a path is not in the backup as a row names it; `present`: it is. */
export type Standing = 'present' | 'missing' | 'unreadable' | 'different'

/**
 * The files that the rows of a query name, held as 64 bits of a keyed digest each. The key is a new one for each table,
 * so that paths with the same digest cannot be prepared. Usage: `add` each row, `find` each entry of the list, after
 * that `compareLinks` with each once more where `hasLinks`, then ask `isComplete` or for the `standing` of a row.
 */
export class ReferenceTable {
  readonly #seed = randomBytes(16)
  readonly #most: number
  #keys = new BigUint64Array(1024)
  #flags = new Uint8Array(1024)
  #size = 0
  /** By the key of a file: the keys of the paths that are hard links to it and that a row names with a SHA-256. */
  readonly #links = new Map<bigint, bigint[]>()
  #linkCount = 0

  /** `most`: keys in it, a power of two. */
  constructor (most = MOST_KEYS) {
    this.#most = most
  }

  /** Throws `REFERENCES_TOO_MANY`. */
  add (path: Buffer, sha256: string | null): void {
    const key = this.#keyOf(path)
    this.#mark(key, sha256 === null ? 0 : HAS_DIGEST)
    if (sha256 !== null) this.#mark(this.#pairOf(key, sha256), 0)
  }

  /** Throws `REFERENCES_TOO_MANY`. */
  find ({ path, type, original, sha256, isUnreadable }: ListedEntry): void {
    const key = this.#keyOf(path)
    const slot = slotOf(this.#keys, key)
    if (this.#keys[slot] === 0n) return
    const isCompared = sha256 !== null || original !== null || type === 'directory'
    const hasDigest = this.#has(slot, HAS_DIGEST)
    this.#add(slot, FOUND | (isCompared ? 0 : IS_INCOMPARABLE) | (isUnreadable ? IS_UNREADABLE : 0))
    if (!hasDigest) return
    if (sha256 !== null) this.#foundPair(key, sha256)
    if (type === 'hardlink' && original !== null) this.#link(this.#keyOf(original), key)
  }

  get hasLinks (): boolean {
    return this.#linkCount > 0
  }

  compareLinks ({ path, sha256 }: ListedEntry): void {
    const links = this.#links.get(this.#keyOf(path)) ?? []
    for (const link of links) {
      if (sha256 === null) this.#add(slotOf(this.#keys, link), IS_INCOMPARABLE)
      else this.#foundPair(link, sha256)
    }
  }

  /** Whether every file is there as each row names it. */
  get isComplete (): boolean {
    return this.#flags.every(flag => flag === 0 || (flag & (FOUND | IS_UNREADABLE)) === FOUND)
  }

  standing (path: Buffer, sha256: string | null): Standing {
    const key = this.#keyOf(path)
    const slot = slotOf(this.#keys, key)
    if (!this.#has(slot, FOUND)) return 'missing'
    if (this.#has(slot, IS_UNREADABLE)) return 'unreadable'
    if (sha256 === null || this.#has(slot, IS_INCOMPARABLE)) return 'present'
    return this.#has(slotOf(this.#keys, this.#pairOf(key, sha256)), FOUND) ? 'present' : 'different'
  }

  #has (slot: number, flag: number): boolean {
    return ((this.#flags[slot] ?? 0) & flag) !== 0
  }

  #add (slot: number, flags: number): void {
    this.#flags[slot] = (this.#flags[slot] ?? 0) | flags
  }

  #link (file: bigint, link: bigint): void {
    this.#linkCount++
    if (this.#linkCount > MOST_LINKS) throw tooMany(`more than ${MOST_LINKS} hard links with a SHA-256`)
    const links = this.#links.get(file)
    if (links === undefined) this.#links.set(file, [link])
    else links.push(link)
  }

  #foundPair (key: bigint, sha256: string): void {
    const slot = slotOf(this.#keys, this.#pairOf(key, sha256))
    if (this.#keys[slot] !== 0n) this.#add(slot, FOUND)
  }

  #mark (key: bigint, flag: number): void {
    let slot = slotOf(this.#keys, key)
    if (this.#keys[slot] === 0n) {
      if (this.#size * 2 >= this.#keys.length) {
        this.#grow()
        slot = slotOf(this.#keys, key)
      }
      this.#size++
      this.#keys[slot] = key
    }
    this.#add(slot, IS_NAMED | flag)
  }

  #grow (): void {
    if (this.#size >= this.#most) throw tooMany(`more than ${this.#most} files, where one with a SHA-256 counts twice`)
    const [before, flagsBefore] = [this.#keys, this.#flags]
    this.#keys = new BigUint64Array(before.length * 2)
    this.#flags = new Uint8Array(before.length * 2)
    for (let at = 0; at < before.length; at++) {
      const key = before[at] ?? 0n
      if (key === 0n) continue
      const slot = slotOf(this.#keys, key)
      this.#keys[slot] = key
      this.#flags[slot] = flagsBefore[at] ?? 0
    }
  }

  #keyOf (path: Buffer): bigint {
    return this.#digest(Buffer.concat([this.#seed, path]))
  }

  #pairOf (key: bigint, sha256: string): bigint {
    const bytes = Buffer.allocUnsafe(56)
    this.#seed.copy(bytes)
    bytes.writeBigUInt64LE(key, 16)
    bytes.write(sha256, 24, 'hex')
    return this.#digest(bytes)
  }

  #digest (bytes: Buffer): bigint {
    const digest = hash('sha256', bytes, 'buffer').readBigUInt64LE()
    return digest === 0n ? 1n : digest
  }
}

function tooMany (what: string): BackupError {
  return new BackupError('REFERENCES_TOO_MANY', `the query names ${what}`, {
    hint: 'Write several references, each with a query for some of the rows, such as those of one year.'
  })
}

/** The slot that has the key, or a free one. */
function slotOf (keys: BigUint64Array, key: bigint): number {
  const mask = keys.length - 1
  let slot = Number(key & BigInt(mask))
  while (keys[slot] !== 0n && keys[slot] !== key) slot = (slot + 1) & mask
  return slot
}
