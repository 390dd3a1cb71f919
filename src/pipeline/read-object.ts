import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { Codec } from '../core/ports/codec.ts'
import type { Opener } from '../core/ports/encryption.ts'
import type { Store } from '../core/ports/store.ts'
import { digestCheck, type Digest } from './digest.ts'
import { joined } from './joined.ts'

/** Reads the stored bytes to their end. Throws what the store throws. */
export async function digestObject (
  store: Store,
  key: string,
  onBytes: (bytes: number) => void,
  signal: AbortSignal
): Promise<Digest> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of await store.get(key, undefined, signal) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    size += chunk.length
    onBytes(size)
  }
  return { size, sha256: hash.digest('hex') }
}

export interface ReadRequest {
  readonly store: Store
  readonly key: string
  readonly codec: Codec | null
  /** What unseals the stored bytes; null: they are not sealed. */
  readonly opener: Opener | null
  readonly object: Digest
  readonly image: Digest
  readonly onBytes?: (bytes: number) => void
}

/**
 * The plain image, unsealed and decoded. It errors at its end, if not before, unless both the stored bytes and the
 * plain ones are exactly those that were written: `CHECKSUM_MISMATCH`, `DECODE_FAILED`, `KEY_MISSING`, or what the
 * store throws.
 */
export async function openImage (
  { store, key, codec, opener, object, image, onBytes }: ReadRequest,
  signal: AbortSignal
): Promise<Readable> {
  const stored = await store.get(key, undefined, signal)
  const plainCheck = digestCheck(image, 'the image', onBytes)
  const stages = [opener, codec].flatMap(stage => stage === null ? [] : [stage.decode()])
  if (stages.length === 0) return joined(stored, plainCheck)
  return joined(stored, digestCheck(object, 'the object'), ...stages, plainCheck)
}
