import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { SeekTable } from '../../src/pipeline/zstd-seek-table.ts'

test('the table has the lengths of each frame in order, as the seekable format lays them out', () => {
  const table = new SeekTable()
  const [first, second] = [table.reserve(100), table.reserve(50)]
  second.compressed = 20
  first.compressed = 40
  assert.equal(
    table.toFrame().toString('hex'),
    // A skippable frame of 25 bytes; 40 of 100 and 20 of 50 bytes; two frames, no checksums, and the magic number.
    '5e2a4d18' + '19000000' + '2800000064000000' + '1400000032000000' + '02000000' + '00' + 'b1ea928f'
  )
})

test('a decoder that does not know the table passes over it', () => {
  const table = new SeekTable()
  const frame = zstdCompressSync('abc')
  table.reserve(3).compressed = frame.length
  assert.equal(zstdDecompressSync(Buffer.concat([frame, table.toFrame()])).toString(), 'abc')
})
