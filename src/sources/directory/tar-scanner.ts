import { createHash, hash, type Hash } from 'node:crypto'
import { BLOCK, padded } from '../../files/tar-blocks.ts'
import { shownPath } from './entry-path.ts'
import { MalformedError } from './malformed.ts'
import { isZeroBlock, readHeader, type TarHeader } from './tar-header.ts'
import { memberOf, readRecords, type Member, type Records } from './tar-member.ts'

/** The largest extended header: attributes of files can take this much. Bytes. */
const EXTENSION_LIMIT = 4 * 1024 * 1024
const EMPTY_SHA256 = hash('sha256', '')

/** The extended headers before a member: POSIX for it, POSIX for all, GNU's long name, GNU's long target of a link. */
const EXTENSIONS = ['x', 'g', 'L', 'K'] as const
type Extension = typeof EXTENSIONS[number]
/** What a header for all members may contain: nothing that changes a member. */
const GLOBAL_KEYS = new Set(['comment'])

/** What a scanner finds, in the order of the archive. What one of them throws, `write` throws. */
export interface TarEvents {
  /** Comes before the data. */
  onMember?(member: Member): void
  /** A piece of the data of `member`, valid during the call. */
  onData?(data: Buffer, member: Member): void
  /** After the data, without its padding. `sha256`: of the data, in hex; null: only a file has data. */
  onEnd?(member: Member, sha256: string | null): void
}

/**
 * Reads an archive as GNU tar and POSIX pax write it, in one pass and in constant memory: POSIX.1-2017, "pax
 * Interchange Format"; GNU tar manual, "Basic Tar Format" and "Storing Sparse Files" (format 1.0).
 *
 * The caller may use a chunk again after `write`. `write` and `end` throw a `MalformedError` where the archive does not
 * follow its format, and where two readers could understand it differently: a wrong checksum, data after a link,
 * two names of one member, a missing end. Nothing may be written after that. The scanner judges the format alone: it
 * passes on members of any path and also devices.
 */
export class TarScanner {
  readonly #events: TarEvents
  /** Bytes taken so far. */
  #offset = 0
  /** A block, or an extended header, of which a part has arrived. */
  #parts: Buffer[] = []
  #missing = BLOCK
  /** Of the data, and of the zeros after it, still to come. */
  #data = 0
  #padding = 0
  #extension: { readonly kind: Extension, readonly size: number } | undefined
  #records: Records = new Map()
  readonly #seen = new Set<Extension>()
  #member: Member | undefined
  #hash: Hash | undefined
  #endsAt: number | undefined
  #hasEnded = false

  constructor (events: TarEvents) {
    this.#events = events
  }

  /** Where the two blocks of zeros that end the archive begin; undefined: they have not come yet. */
  get endsAt (): number | undefined {
    return this.#endsAt
  }

  /** Whether the end mark has come. */
  get isWhole (): boolean {
    return this.#hasEnded
  }

  write (chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) at += this.#take(chunk, at)
  }

  /** Must be called after the last byte. */
  end (): void {
    if (!this.#hasEnded) throw this.#malformed('the archive ends before its end mark: it was cut off')
  }

  /** Takes some of the bytes from `at` on, and returns how many. */
  #take (chunk: Buffer, at: number): number {
    if (this.#data > 0) return this.#takeData(chunk.subarray(at, at + this.#data))
    if (this.#padding > 0) {
      const length = Math.min(this.#padding, chunk.length - at)
      this.#padding -= length
      this.#offset += length
      return length
    }
    const length = Math.min(this.#missing, chunk.length - at)
    const piece = chunk.subarray(at, at + length)
    this.#missing -= length
    this.#offset += length
    if (this.#missing > 0) {
      // The caller may use its buffer again.
      this.#parts.push(Buffer.from(piece))
      return length
    }
    const whole = this.#parts.length === 0 ? piece : Buffer.concat([...this.#parts, piece])
    this.#parts = []
    this.#missing = BLOCK
    if (this.#extension === undefined) this.#block(whole)
    else this.#extend(this.#extension, whole)
    return length
  }

  #takeData (data: Buffer): number {
    const member = this.#member
    if (member === undefined) throw this.#malformed('there is data of no member')
    this.#events.onData?.(data, member)
    this.#offset += data.length
    const isWhole = data.length === member.stored
    this.#data -= data.length
    // Without a listener no digest is needed.
    if (this.#events.onEnd === undefined) {
      if (this.#data === 0) this.#finish(member, null)
      return data.length
    }
    if (!isWhole) (this.#hash ??= createHash('sha256')).update(data)
    if (this.#data > 0) return data.length
    const sha256 = isWhole ? hash('sha256', data) : this.#hash?.digest('hex') ?? EMPTY_SHA256
    this.#hash = undefined
    this.#finish(member, sha256)
    return data.length
  }

  #finish (member: Member, sha256: string | null): void {
    this.#padding = padded(member.stored) - member.stored
    this.#member = undefined
    this.#events.onEnd?.(member, sha256)
  }

  #block (block: Buffer): void {
    const at = this.#offset - BLOCK
    if (isZeroBlock(block)) {
      this.#endBlock(at)
      return
    }
    if (this.#hasEnded) throw this.#malformed('there is something after the end of the archive', at)
    if (this.#endsAt !== undefined) throw this.#malformed('there is one block of zeros between two members', at)
    const header = this.#checked(() => readHeader(block), at)
    const kind = EXTENSIONS.find(one => one === header.type)
    if (kind !== undefined) this.#beginExtension(kind, header, at)
    else this.#beginMember(header, at)
  }

  #endBlock (at: number): void {
    if (this.#seen.size > 0) throw this.#malformed('the archive ends after an extended header', at)
    if (this.#endsAt === undefined) this.#endsAt = at
    else this.#hasEnded = true
  }

  #beginExtension (kind: Extension, { size }: TarHeader, at: number): void {
    if (size > EXTENSION_LIMIT) {
      throw this.#malformed(`an extended header has ${size} bytes, and may have ${EXTENSION_LIMIT}`, at)
    }
    if (this.#seen.has(kind)) throw this.#malformed('a member has two extended headers of one kind', at)
    if (size === 0) throw this.#malformed('an extended header is empty', at)
    this.#seen.add(kind)
    this.#extension = { kind, size }
    this.#missing = padded(size)
  }

  #extend ({ kind, size }: { readonly kind: Extension, readonly size: number }, blocks: Buffer): void {
    this.#extension = undefined
    // Values of its records are kept, and the caller may use its buffer again.
    const content = Buffer.from(blocks.subarray(0, size))
    const at = this.#offset - blocks.length
    if (kind === 'x' || kind === 'g') {
      const records = this.#checked(() => readRecords(content), at)
      if (kind === 'g') this.#requireHarmless(records, at)
      else this.#records = new Map([...this.#records, ...records])
      return
    }
    const key = kind === 'L' ? 'path' : 'linkpath'
    const end = content.indexOf(0)
    if (this.#records.has(key)) throw this.#malformed(`a member has two values of "${key}"`, at)
    this.#records = new Map([...this.#records, [key, end < 0 ? content : content.subarray(0, end)]])
  }

  #requireHarmless (records: Records, at: number): void {
    for (const key of records.keys()) {
      if (!GLOBAL_KEYS.has(key)) throw this.#malformed(`an extended header sets "${key}" for all members`, at)
    }
  }

  #beginMember (header: TarHeader, at: number): void {
    if (this.#seen.has('x') && (this.#seen.has('L') || this.#seen.has('K'))) {
      throw this.#malformed('a member has extended headers of POSIX and of GNU', at)
    }
    const member = this.#checked(() => memberOf(header, this.#records, this.#offset), at)
    this.#records = new Map()
    this.#seen.clear()
    this.#events.onMember?.(member)
    this.#member = member
    this.#data = member.stored
    if (member.stored === 0) this.#finish(member, member.type === 'file' ? EMPTY_SHA256 : null)
  }

  #checked<T> (read: () => T, at: number): T {
    try {
      return read()
    } catch (error) {
      throw error instanceof MalformedError ? this.#malformed(error.message, at) : error
    }
  }

  #malformed (problem: string, at = this.#offset): MalformedError {
    const member = this.#member === undefined ? '' : `, in "${shownPath(this.#member.path)}"`
    return new MalformedError(`the tar archive, at byte ${at}${member}: ${problem}`)
  }
}
