import { createHash, hash } from 'node:crypto'
import { Transform, type Readable } from 'node:stream'
import { BackupError } from '../../core/errors.ts'
import type { ByteRange } from '../../core/ports/store.ts'
import { mismatch, slice, type Digest } from '../../pipeline/digest.ts'
import { joined } from '../../pipeline/joined.ts'
import type { ObjectLocation } from './locations.ts'

/**
 * A range is read in whole blocks of so many bytes, each of which is held against its own digest before any of it goes
 * out.
 */
const BLOCK = 4 * 1024 * 1024
const DIGEST = 32
/** The digests of so many blocks are kept in memory, 16 MiB of them, which is enough for 2 TiB of objects. */
const MOST_BLOCKS = 512 * 1024

export interface VerifiedRanges {
  /**
   * The bytes of `range` of an object, none of which goes out before it is proven. Of an object that was not asked for
   * in parts before, all bytes are read once for that; callers that come meanwhile wait for the same reading.
   * Afterwards only the blocks that the range touches are read. Rejects, or errors, with `CHECKSUM_MISMATCH`, or with
   * what the store rejects with.
   */
  open(location: ObjectLocation, object: Digest, range: ByteRange, signal: AbortSignal): Promise<Readable>
}

/** The digests of the blocks of one object, one after the other. */
type Blocks = Buffer

interface Learning {
  readonly blocks: Promise<Blocks>
  readonly stop: AbortController
  waiting: number
}

/** What is known of one object holds for every place that has it: it goes by the digest of the whole. */
export function verifiedRanges (): VerifiedRanges {
  const known = new Map<string, Blocks>()
  const learning = new Map<string, Learning>()

  function remember (sha256: string, blocks: Blocks): void {
    known.set(sha256, blocks)
    let total = [...known.values()].reduce((sum, one) => sum + one.length / DIGEST, 0)
    for (const [oldest, { length }] of known) {
      if (total <= MOST_BLOCKS) return
      known.delete(oldest)
      total -= length / DIGEST
    }
  }

  function begin (location: ObjectLocation, object: Digest): Learning {
    const stop = new AbortController()
    const blocks = learn(location, object, stop.signal)
    const begun = { blocks, stop, waiting: 0 }
    learning.set(object.sha256, begun)
    blocks.then(found => {
      remember(object.sha256, found)
    }, () => {}).finally(() => {
      if (learning.get(object.sha256) === begun) learning.delete(object.sha256)
    })
    return begun
  }

  /** The reading ends when the last of those who wait for it has left. */
  async function blocksOf (location: ObjectLocation, object: Digest, signal: AbortSignal): Promise<Blocks> {
    const found = known.get(object.sha256)
    if (found !== undefined) return found
    signal.throwIfAborted()
    const shared = learning.get(object.sha256) ?? begin(location, object)
    shared.waiting++
    const left = Promise.withResolvers<never>()
    const leave = (): void => {
      left.reject(signal.reason as Error)
    }
    signal.addEventListener('abort', leave)
    try {
      return await Promise.race([shared.blocks, left.promise])
    } finally {
      signal.removeEventListener('abort', leave)
      shared.waiting--
      if (shared.waiting === 0) {
        if (learning.get(object.sha256) === shared) learning.delete(object.sha256)
        shared.stop.abort()
      }
    }
  }

  return {
    async open (location, object, { start, end }, signal) {
      const blocks = await blocksOf(location, object, signal)
      const first = start - start % BLOCK
      const last = Math.min(object.size, end - end % BLOCK + BLOCK) - 1
      const stored = await location.store.get(location.key, { start: first, end: last }, signal)
      return joined(
        stored,
        blockCheck(blocks, { start: first, end: last }),
        slice({ start: start - first, end: end - first })
      )
    }
  }
}

/** Reads the object to its end. Throws `CHECKSUM_MISMATCH` unless it is what it must be. */
async function learn ({ store, key }: ObjectLocation, object: Digest, signal: AbortSignal): Promise<Blocks> {
  const whole = createHash('sha256')
  const digests: Buffer[] = []
  let block = createHash('sha256')
  let size = 0
  for await (const chunk of await store.get(key, undefined, signal) as AsyncIterable<Buffer>) {
    whole.update(chunk)
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + BLOCK - size % BLOCK)
      block.update(part)
      at += part.length
      size += part.length
      if (size % BLOCK !== 0) continue
      digests.push(block.digest())
      block = createHash('sha256')
    }
    if (size > object.size) break
  }
  if (size % BLOCK !== 0) digests.push(block.digest())
  const wrong = mismatch({ size, sha256: whole.digest('hex') }, object, 'the object')
  if (wrong !== undefined) throw wrong
  return Buffer.concat(digests)
}

/** Lets each block of `range`, which begins with one, through once it is whole and right. */
function blockCheck (blocks: Blocks, range: ByteRange): Transform {
  let at = range.start
  let held: Buffer[] = []
  let filled = 0
  const due = (): number => Math.min(BLOCK, range.end + 1 - at)
  return new Transform({
    transform (chunk: Buffer, _encoding, done) {
      for (let from = 0; from < chunk.length;) {
        const part = chunk.subarray(from, from + due() - filled)
        if (part.length === 0) {
          done(changed(range.end + 1, 'the store returned more bytes than requested'))
          return
        }
        held.push(part)
        from += part.length
        filled += part.length
        if (filled < due()) continue
        const digest = blocks.subarray(at / BLOCK * DIGEST, (at / BLOCK + 1) * DIGEST)
        const block = held.length === 1 ? part : Buffer.concat(held)
        if (hash('sha256', block, 'hex') !== digest.toString('hex')) {
          done(changed(at, 'the bytes differ from the verified ones'))
          return
        }
        this.push(block)
        at += filled
        held = []
        filled = 0
      }
      done()
    },
    flush (done) {
      done(at > range.end ? null : changed(at + filled, 'there are no more bytes'))
    }
  })
}

function changed (at: number, what: string): BackupError {
  return new BackupError(
    'CHECKSUM_MISMATCH',
    `the object has changed since it was verified: from byte ${at} on, ${what}`,
    { hint: 'Verify the backup, and download it from another store that has a copy.' }
  )
}
