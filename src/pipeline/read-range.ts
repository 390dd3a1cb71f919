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

/** Reads some plain bytes; both `start` and `end` are included. */
export type RangeReader = (range: ByteRange, signal: AbortSignal) => Promise<Readable | null>

/**
 * Reads plain bytes of an object that is not encrypted from the store, without those before them: with the seek table
 * that `zstdCodec` writes, which is fetched once, or directly where the object is not compressed. null: it is
 * compressed in a way that does not allow it, or has no such bytes. Nothing is compared with a digest. Rejects, or
 * errors, with `DECODE_FAILED`, or what the store throws.
 */
export function rangeReader (request: RangeRequest): RangeReader {
  const { store, key, size, codec } = request
  let table: Buffer | null | undefined
  return async (range, signal) => {
    if (codec === null) return await store.get(key, range, signal)
    table ??= codec.id === 'zstd' ? await seekTable(request, signal) : null
    const frames = table === null ? undefined : seek(table, range)
    if (table === null || frames === undefined || frames.end >= size - table.length) return null
    const { start, end, plainStart } = frames
    const stored = await store.get(key, { start, end }, signal)
    return joined(stored, codec.decode(), slice({ start: range.start - plainStart, end: range.end - plainStart }))
  }
}

/** null: the object has none that `SeekTable` has written. */
async function seekTable ({ store, key, size }: RangeRequest, signal: AbortSignal): Promise<Buffer | null> {
  if (size < FOOTER) return null
  const length = seekTableLength(await buffer(await store.get(key, { start: size - FOOTER, end: size - 1 }, signal)))
  if (length === undefined || length > size || length > LARGEST_TABLE) return null
  return await buffer(await store.get(key, { start: size - length, end: size - 1 }, signal))
}
