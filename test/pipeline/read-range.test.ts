import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import type { Codec } from '../../src/core/ports/codec.ts'
import type { ByteRange, Store } from '../../src/core/ports/store.ts'
import { gzipCodec } from '../../src/pipeline/gzip.ts'
import { rangeReader } from '../../src/pipeline/read-range.ts'
import { zstdCodec } from '../../src/pipeline/zstd.ts'
import { bodyOf, never, noise, prose, rejection, through } from '../support/streams.ts'

const BLOCK = 2 * 1024 * 1024
const zstd = zstdCodec(2)

/** A store with one object, which notes what is read of it. */
function storeOf (bytes: Buffer): { readonly store: Store, readonly read: ByteRange[] } {
  const read: ByteRange[] = []
  const get = async (_key: string, range: ByteRange): Promise<unknown> => {
    read.push(range)
    return bodyOf(bytes.subarray(range.start, range.end + 1))
  }
  return { store: { get } as unknown as Store, read }
}

async function rangeOf (stored: Buffer, codec: Codec | null, range: ByteRange): Promise<Buffer | null> {
  const found = await rangeReader({ store: storeOf(stored).store, key: 'x', size: stored.length, codec })(range, never)
  return found === null ? null : await buffer(found)
}

const plain = Buffer.concat([noise(BLOCK), prose(BLOCK), noise(12_345, 2)])

test('any range of a compressed object is that of the plain bytes, also over the borders of frames', async () => {
  const stored = await through(zstd.encode(), [plain])
  for (
    const [start, end] of [
      [0, 0],
      [5, 100],
      [BLOCK - 1, BLOCK],
      [BLOCK, BLOCK + 1],
      [10, 2 * BLOCK + 10],
      [2 * BLOCK, plain.length - 1],
      [plain.length - 1, plain.length - 1]
    ] as const
  ) {
    const found = await rangeOf(stored, zstd, { start, end })
    assert.ok(found?.equals(plain.subarray(start, end + 1)), `${start}-${end}`)
  }
})

test('only the frames that have the range are read, and the table once for all ranges', async () => {
  const stored = await through(zstd.encode(), [plain])
  const { store, read } = storeOf(stored)
  const open = rangeReader({ store, key: 'x', size: stored.length, codec: zstd })
  for (const start of [BLOCK + 5, 100]) {
    const found = await open({ start, end: start + 4 }, never)
    assert.deepEqual(await buffer(found ?? assert.fail()), plain.subarray(start, start + 5))
  }
  assert.equal(read.length, 4)
  const [, , frames] = read
  assert.ok((frames?.start ?? 0) >= BLOCK, 'the frames before it were read')
  assert.ok((frames?.end ?? 0) - (frames?.start ?? 0) < BLOCK, 'more than its frame was read')
})

test('an object that is not compressed is read as it is', async () => {
  assert.deepEqual(await rangeOf(plain, null, { start: 7, end: 9 }), plain.subarray(7, 10))
})

test('there is no range of gzip, of zstd without a table, of a table that is not ours, and beyond the end', async () => {
  const packed = await through(gzipCodec(1).encode(), [Buffer.from('abc')])
  assert.equal(await rangeOf(packed, gzipCodec(1), { start: 0, end: 0 }), null)
  const stored = await through(zstd.encode(), [Buffer.from('abc')])
  assert.equal(await rangeOf(stored.subarray(0, -17), zstd, { start: 0, end: 0 }), null)
  assert.equal(await rangeOf(stored, zstd, { start: 0, end: 3 }), null)
  const long = Buffer.from(stored)
  long.writeUInt32LE(0xffffff, long.length - 9)
  assert.equal(await rangeOf(long, zstd, { start: 0, end: 0 }), null)
})

test('frames that are damaged make the stream error', async () => {
  const stored = await through(zstd.encode(), [plain])
  stored.fill(0, 4, 40)
  const thrown = await rejection(rangeOf(stored, zstd, { start: 0, end: 10 }))
  assert.equal((thrown as { readonly code?: string }).code, 'DECODE_FAILED')
})
