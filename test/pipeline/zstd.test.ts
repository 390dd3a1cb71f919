import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { zstdCodec } from '../../src/pipeline/zstd.ts'
import { codecSuite, encode, runTool } from '../suites/codec-suite.ts'
import { needTool } from '../support/skip-without.ts'
import { noise, prose } from '../support/streams.ts'

const BLOCK = 2 * 1024 * 1024
const codec = zstdCodec(2)

codecSuite({
  codec,
  tool: 'zstd',
  block: BLOCK,
  levels: [['-1', '--no-check'], ['-19', '--long=27'], ['-3', '-T2', '-B524288'], ['--fast=5']]
})

/** The frame at the end, by docs of the zstd seekable format 0.1.1, read from the back as a reader would. */
function seekTable (encoded: Buffer): ReadonlyArray<readonly [compressed: number, plain: number]> {
  assert.equal(encoded.readUInt32LE(encoded.length - 4), 0x8f92eab1, 'Seekable_Magic_Number')
  assert.equal(encoded.readUInt8(encoded.length - 5), 0, 'Seek_Table_Descriptor: no checksums, nothing reserved')
  const count = encoded.readUInt32LE(encoded.length - 9)
  const start = encoded.length - 9 - count * 8 - 8
  assert.equal(encoded.readUInt32LE(start), 0x184d2a5e, 'Skippable_Magic_Number')
  assert.equal(encoded.readUInt32LE(start + 4), count * 8 + 9, 'Frame_Size')
  return Array.from(
    { length: count },
    (_, n) => [encoded.readUInt32LE(start + 8 + n * 8), encoded.readUInt32LE(start + 12 + n * 8)] as const
  )
}

test('zstd files end with .zst', () => {
  assert.deepEqual([codec.id, codec.extension], ['zstd', '.zst'])
})

test('the seek table at the end says where each frame begins and how much it holds', async t => {
  if (!needTool(t, 'zstd')) return
  const plain = Buffer.concat([prose(BLOCK), noise(BLOCK), prose(1234)])
  const encoded = await encode(codec, plain)
  const table = seekTable(encoded)
  assert.deepEqual(table.map(([, size]) => size), [BLOCK, BLOCK, 1234])
  assert.equal(table.reduce((sum, [compressed]) => sum + compressed, 0), encoded.length - table.length * 8 - 17)
  let at = 0
  let plainAt = 0
  for (const [compressed, size] of table) {
    assert.ok(
      runTool('zstd', ['-dc'], encoded.subarray(at, at + compressed)).equals(plain.subarray(plainAt, plainAt + size))
    )
    at += compressed
    plainAt += size
  }
})

test('an empty stream has a seek table with its one empty frame', async () => {
  assert.deepEqual(seekTable(await encode(codec, Buffer.alloc(0))).map(([, size]) => size), [0])
})

test('every frame tells its length and has a checksum', async () => {
  const encoded = await encode(codec, prose(BLOCK + 10))
  const [first] = seekTable(encoded)
  for (const at of [0, first![0]]) {
    assert.equal(encoded.readUInt32LE(at), 0xfd2fb528)
    const descriptor = encoded.readUInt8(at + 4)
    assert.ok((descriptor & 0x04) !== 0, 'Content_Checksum_flag')
    assert.ok((descriptor >> 6) > 0 || (descriptor & 0x20) !== 0, 'Frame_Content_Size is there')
  }
})

test('frames that together fill the output of a compressor are whole', async () => {
  // Noise does not become smaller: two frames of one compressor do not fit into its output of 4 MiB.
  const plain = noise(7 * BLOCK)
  const encoded = await encode(codec, plain)
  const table = seekTable(encoded)
  let at = 0
  for (const [index, [compressed, size]] of table.entries()) {
    const frame = zstdDecompressSync(encoded.subarray(at, at + compressed))
    assert.ok(frame.equals(plain.subarray(index * BLOCK, index * BLOCK + size)), `frame ${index}`)
    at += compressed
  }
  assert.equal(table.length, 7)
})
