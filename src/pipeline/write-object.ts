import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Codec } from '../core/stage.ts'
import type { Store } from '../core/store.ts'
import { digestTap, type Digest } from './digest.ts'
import { firstCause } from './failure.ts'

export interface WriteRequest {
  readonly image: Readable
  /** Exact length of the image, where nothing is done to it: the store then holds the body to it. */
  readonly size: number
  readonly codec: Codec | null
  readonly store: Store
  readonly key: string
  /** Told the plain bytes handled so far. */
  readonly onBytes: (bytes: number) => void
}

export interface Written {
  readonly image: Digest
  readonly object: Digest
}

/**
 * Sends an image through its codec into the store, digesting it before and after in the same pass. A failure anywhere
 * stops the rest, leaves nothing in the store, and rejects with its cause rather than with the echoes of it.
 */
export async function writeObject ({ image, size, codec, store, key, onBytes }: WriteRequest, signal: AbortSignal): Promise<Written> {
  const plain = digestTap(onBytes)
  const stored = codec === null ? plain : digestTap()
  const facts = codec === null ? { size } : {}

  const moved = codec === null
    ? pipeline(image, plain.stream, { signal })
    : pipeline(image, plain.stream, codec.encode(), stored.stream, { signal })
  const put = store.put(key, stored.stream, facts, signal)
  // A store that fails before it has read anything would leave the image waiting for ever.
  put.catch((error: unknown) => { stored.stream.destroy(error as Error) })
  const results = await Promise.allSettled([put, moved])
  const failure = firstCause(results, signal)
  if (failure !== undefined) {
    // The object may stand although the image failed at its very end.
    if (results[0].status === 'fulfilled') await store.remove(key, AbortSignal.timeout(60_000))
    throw failure
  }
  return { image: plain.result(), object: stored.result() }
}
