import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { cleanupSignal } from '../core/cleanup-signal.ts'
import type { Measures } from '../core/backup/measures.ts'
import type { Codec } from '../core/ports/codec.ts'
import type { Seal } from '../core/ports/encryption.ts'
import type { Store } from '../core/ports/store.ts'
import { digestTap, type Digest } from './digest.ts'
import { firstCause } from './failure.ts'
import { ImageSampler } from './image-sampler.ts'

export interface WriteRequest {
  readonly image: Readable
  /**
   * Exact length of the image in bytes; null: not known. Where nothing is done to the image, the store refuses a body
   * of another length.
   */
  readonly size: number | null
  readonly codec: Codec | null
  /** What seals what the codec gives; null: it is stored as it is. */
  readonly seal: Seal | null
  readonly store: Store
  readonly key: string
  /** Told the plain bytes handled so far. */
  readonly onBytes: (bytes: number) => void
}

export interface Written {
  readonly image: Digest
  readonly object: Digest
  readonly measures: Measures
}

/**
 * Sends an image through its codec and its seal into the store, digesting it before and after, and measuring it, in the
 * same pass. A failure anywhere stops the rest, leaves nothing in the store, and rejects with its cause rather than
 * with the echoes of it.
 */
export async function writeObject (
  { image, size, codec, seal, store, key, onBytes }: WriteRequest,
  signal: AbortSignal
): Promise<Written> {
  const sampler = new ImageSampler()
  const plain = digestTap((bytes, chunk) => {
    sampler.take(chunk)
    onBytes(bytes)
  })
  const stages = [codec, seal].flatMap(stage => stage === null ? [] : [stage.encode()])
  const isPlain = stages.length === 0
  const stored = isPlain ? plain : digestTap()
  const facts = isPlain && size !== null ? { size } : {}

  const moved = isPlain
    ? pipeline(image, plain.stream, { signal })
    : pipeline([image, plain.stream, ...stages, stored.stream], { signal })
  const put = store.put(key, stored.stream, facts, signal)
  // A store that fails before it has read anything would leave the image waiting for ever.
  put.catch((error: unknown) => {
    stored.stream.destroy(error as Error)
  })
  const results = await Promise.allSettled([put, moved])
  const failure = firstCause(results, signal)
  if (failure !== undefined) {
    // The object may stand although the image failed at its very end.
    if (results[0].status === 'fulfilled') await store.remove(key, cleanupSignal())
    throw failure
  }
  return { image: plain.result(), object: stored.result(), measures: await sampler.measures() }
}
