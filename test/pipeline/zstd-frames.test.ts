import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, zstdCompressSync } from 'node:zlib'
import { zstdCodec } from '../../src/pipeline/zstd.ts'
import { decode } from '../suites/codec-suite.ts'
import { rejectsWith } from '../support/rejects.ts'
import { digestOf, noise, prose, through } from '../support/streams.ts'

const codec = zstdCodec(2)
const MAGIC = [0x28, 0xb5, 0x2f, 0xfd]
const RAW = 0
const RUN = 1

function compress (bytes: Buffer, checksum = 0): Buffer {
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: checksum } })
}

/** A block of a frame: its header (last, type, size) and what follows. */
function block (type: number, size: number, content: Buffer, isLast: boolean): Buffer {
  const header = Buffer.alloc(3)
  header.writeUIntLE(Number(isLast) | type << 1 | size << 3, 0, 3)
  return Buffer.concat([header, content])
}

function frame (header: readonly number[], ...blocks: Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([...MAGIC, ...header]), ...blocks])
}

for (const size of [0, 1, 255, 256, 257, 65_791, 65_792, 200_000]) {
  test(`a frame whose header gives a length of ${size} is decoded`, async () => {
    for (const bytes of [noise(size), prose(size)]) {
      for (const checksum of [0, 1]) {
        assert.deepEqual(digestOf(await decode(codec, compress(bytes, checksum))), digestOf(bytes))
      }
    }
  })
}

test('thousands of tiny frames are decoded in order', async () => {
  const parts = Array.from({ length: 3000 }, (_, n) => Buffer.from(`${n},`))
  assert.equal((await decode(codec, Buffer.concat(parts.map(part => compress(part))), 777)).toString(), parts.join(''))
})

test('skippable frames are passed over wherever they are', async () => {
  const skip = (kind: number, size: number): Buffer => {
    const bytes = Buffer.alloc(8 + size, 0xff)
    bytes.writeUInt32LE(0x184d2a50 + kind, 0)
    bytes.writeUInt32LE(size, 4)
    return bytes
  }
  const stream = Buffer.concat([
    skip(0, 0),
    compress(Buffer.from('one ')),
    skip(15, 70_000),
    skip(7, 1),
    compress(Buffer.from('two')),
    skip(1, 5)
  ])
  assert.equal((await decode(codec, stream, 13)).toString(), 'one two')
})

test('raw and run-length blocks, and a header that is silent about the length, are decoded', async () => {
  const stream = frame(
    [0x00, 0x58],
    block(RAW, 3, Buffer.from('abc'), false),
    block(RUN, 5, Buffer.from('x'), false),
    block(RAW, 0, Buffer.alloc(0), true)
  )
  for (const chunk of [1, 2, 7, 100]) assert.equal((await decode(codec, stream, chunk)).toString(), 'abcxxxxx')
})

test('a frame that needs a dictionary is DECODE_FAILED', async () => {
  for (const [flag, id] of [[1, [9]], [2, [9, 9]], [3, [9, 9, 9, 9]]] as const) {
    await rejectsWith(
      'DECODE_FAILED',
      decode(codec, frame([flag, 0x58, ...id], block(RAW, 3, Buffer.from('abc'), true)))
    )
  }
})

test('a frame that promises another length than it has is DECODE_FAILED', async () => {
  for (const size of [2, 4]) {
    await rejectsWith('DECODE_FAILED', decode(codec, frame([0x20, size], block(RAW, 3, Buffer.from('abc'), true))))
  }
})

test('a frame that promises gigabytes is DECODE_FAILED', async () => {
  const eight = Buffer.alloc(8)
  eight.writeBigUInt64LE(5n * 1024n ** 3n)
  const error = await rejectsWith(
    'DECODE_FAILED',
    decode(codec, frame([0xe0, ...eight], block(RAW, 3, Buffer.from('abc'), true)))
  )
  assert.match(error.message, /more than 67108864 bytes/)
})

test('a frame that is silent and becomes gigabytes is DECODE_FAILED', async () => {
  const run = block(RUN, 128 * 1024, Buffer.from('x'), false)
  const stream = frame([0x00, 0x58], ...Array<Buffer>(16_384).fill(run), block(RAW, 0, Buffer.alloc(0), true))
  await rejectsWith('DECODE_FAILED', decode(codec, stream))
})

test('a frame that goes on and on is DECODE_FAILED before it fills the memory', async () => {
  const raw = block(RAW, 128 * 1024, Buffer.alloc(128 * 1024), false)
  const error = await rejectsWith('DECODE_FAILED', decode(codec, frame([0x00, 0x58], ...Array<Buffer>(520).fill(raw))))
  assert.match(error.message, /more than 67108864 bytes/)
})

test('a frame that ends and is followed by something else is DECODE_FAILED', async () => {
  await rejectsWith('DECODE_FAILED', decode(codec, Buffer.concat([compress(prose(1000)), Buffer.from('trailing')])))
})

test('frames that hold nothing, without end, are damage', async () => {
  const empty = zstdCompressSync(Buffer.alloc(0))
  const some = Buffer.concat(Array<Buffer>(4000).fill(empty))
  assert.equal((await through(codec.decode(), [some, zstdCompressSync(Buffer.from('x'))])).toString(), 'x')
  await rejectsWith('DECODE_FAILED', through(codec.decode(), [some, some]))
  const skipped = Buffer.from('502a4d1800000000', 'hex')
  await rejectsWith('DECODE_FAILED', through(codec.decode(), [Buffer.concat(Array<Buffer>(9000).fill(skipped))]))
  const small = zstdCompressSync(Buffer.alloc(2048))
  assert.equal((await through(codec.decode(), [Buffer.concat(Array<Buffer>(9000).fill(small))])).length, 9000 * 2048)
})
