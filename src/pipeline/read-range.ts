import { buffer } from 'node:stream/consumers'
import type { Readable } from 'node:stream'
import type { Codec } from '../core/ports/codec.ts'
import type { ByteRange, Store } from '../core/ports/store.ts'
import { slice } from './digest.ts'
import { joined } from './joined.ts'
import { FOOTER, seek, seekTableLength } from './zstd-seek-table.ts'

/** The frames of 16 TiB of plain bytes have their table in so many bytes. */
const LARGEST_TABLE = 64 * 1024 * 1024

export interface RangeRequest {
  readonly store: Store
  readonly key: string
  /** Of the stored object. Bytes. */
  readonly size: number
  /** null: the object is stored as it is. */
  readonly codec: Codec | null
}

/**
 * Some plain bytes of an object that is not encrypted, read from the store without those before them: with the seek
 * table that `zstdCodec` writes, or directly where the object is not compressed. null: it is compressed in a way that
 * does not allow it. Nothing is compared with a digest. Rejects, or errors, with `DECODE_FAILED`, or what the store
 * throws.
 */
export async function openRange (
  { store, key, size, codec }: RangeRequest,
  range: ByteRange,
  signal: AbortSignal
): Promise<Readable | null> {
  if (codec === null) return await store.get(key, range, signal)
  if (codec.id !== 'zstd' || size < FOOTER) return null
  const length = seekTableLength(await buffer(await store.get(key, { start: size - FOOTER, end: size - 1 }, signal)))
  if (length === undefined || length > size || length > LARGEST_TABLE) return null
  const table = await buffer(await store.get(key, { start: size - length, end: size - 1 }, signal))
  const frames = seek(table, range)
  if (frames === undefined || frames.end >= size - length) return null
  const { start, end, plainStart } = frames
  const stored = await store.get(key, { start, end }, signal)
  return joined(stored, codec.decode(), slice({ start: range.start - plainStart, end: range.end - plainStart }))
}
