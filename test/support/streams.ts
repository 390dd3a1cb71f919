import { createHash } from 'node:crypto'
import { Readable, type Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { Digest } from '../../src/pipeline/digest.ts'

/** A signal that nobody aborts. */
export const never = new AbortController().signal

/** Bytes that look random and are the same every time; no codec makes them smaller. */
export function noise (size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size)
  let state = seed * 2_654_435_761 % 4_294_967_296
  for (let at = 0; at < size; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[at] = state
  }
  return bytes
}

/** Bytes that become much smaller. */
export function prose (size: number): Buffer {
  return Buffer.alloc(size, 'the ledger of the year, line by line; ')
}

export function chunks (bytes: Buffer, size: number): Buffer[] {
  const parts: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size) parts.push(bytes.subarray(at, at + size))
  return parts
}

export function bodyOf (bytes: Buffer | string, chunkSize = 64 * 1024): Readable {
  return Readable.from(chunks(Buffer.from(bytes), chunkSize))
}

/** Gives these bytes and then dies. */
export function brokenBody (bytes: Buffer | string, error: Error, chunkSize = 64 * 1024): Readable {
  return Readable.from((function* () {
    yield* chunks(Buffer.from(bytes), chunkSize)
    throw error
  })())
}

/** Gives these bytes and then nothing more, and does not end. */
export function stalledBody (bytes: Buffer | string): Readable {
  let isGiven = false
  return new Readable({
    read () {
      if (isGiven) return
      isGiven = true
      this.push(Buffer.from(bytes))
    }
  })
}

export function digestOf (bytes: Buffer | string): Digest {
  return { size: Buffer.byteLength(bytes), sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** What comes out of `stage` when these chunks go in. */
export async function through (stage: Duplex, input: Iterable<Buffer>): Promise<Buffer> {
  let output = Buffer.alloc(0)
  await pipeline(Readable.from(input), stage, async (body: AsyncIterable<Buffer>) => {
    output = await buffer(body)
  })
  return output
}

/** So long nothing takes that comes at all, also on a machine that has much else to do. Milliseconds. */
const NEVER_COMES = 5 * 60_000

/**
 * Waits for what is sure to come and has no event of its own. Rejects after five minutes, also where the test has long
 * ended: otherwise its process would look on for ever.
 */
export async function until (isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const begun = performance.now()
  while (!await isTrue()) {
    if (performance.now() - begun > NEVER_COMES) throw new Error('what was waited for did not come')
    await new Promise(resolve => {
      setImmediate(resolve)
    })
  }
}

/** The value that it rejects with. */
export async function rejection (promise: Promise<unknown>): Promise<unknown> {
  const [result] = await Promise.allSettled([promise])
  if (result.status === 'fulfilled') throw new Error('it resolved')
  return result.reason
}

/** Everything that is iterated over. */
export async function allOf<T> (items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
