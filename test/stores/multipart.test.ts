import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import { base64Crc32, splitIntoParts, partSize, type UploadPart } from '../../src/stores/multipart.ts'
import { bodyOf, digestOf, noise } from '../support/streams.ts'

const MIB = 1024 * 1024
const TB = 1024 ** 4

for (
  const [what, size, lengths] of [
    ['nothing', 0, [0]],
    ['less than a part', 100, [100]],
    ['exactly a part', 8 * MIB, [8 * MIB]],
    ['a byte more', 8 * MIB + 1, [8 * MIB, 1]],
    ['several', 20 * MIB, [8 * MIB, 8 * MIB, 4 * MIB]]
  ] as const
) {
  test(`a body of ${what} is cut into parts that are it again, and the last one says so`, async () => {
    const bytes = noise(size)
    const body = splitIntoParts(bodyOf(bytes, 1_000_003), { size, sha256: digestOf(bytes).sha256 })
    const parts: UploadPart[] = []
    for await (const part of body.parts) parts.push(part)
    assert.deepEqual(parts.map(part => part.bytes.length), lengths)
    assert.deepEqual(
      parts.map(({ number, isLast }) => [number, isLast]),
      lengths.map((_, n) => [n + 1, n === lengths.length - 1])
    )
    assert.deepEqual(digestOf(Buffer.concat(parts.map(part => part.bytes))), digestOf(bytes))
    assert.deepEqual([body.size(), base64Crc32(body.crc32())], [size, base64Crc32(crc32(bytes))])
  })
}

test('the memory of a part that is not needed any more serves the next but one, and no other', async () => {
  const body = splitIntoParts(bodyOf(noise(30 * MIB)), {})
  const seen = new Set<ArrayBufferLike>()
  let before: UploadPart | undefined
  for await (const part of body.parts) {
    const kept = Buffer.from(before?.bytes ?? '')
    seen.add(part.bytes.buffer)
    assert.deepEqual(before?.bytes ?? kept, kept)
    if (before !== undefined) body.reuse(before)
    before = part
  }
  assert.ok(seen.size < 4)
})

test('ten thousand parts hold the largest object there can be, whether its length is known or not', () => {
  assert.deepEqual([partSize(1, 100), partSize(1, 80_000 * MIB)], [8 * MIB, 8 * MIB])
  assert.ok(partSize(1, 5 * TB) * 10_000 >= 5 * TB)
  let held = 0
  for (let number = 1; number <= 10_000; number++) held += partSize(number, undefined)
  assert.ok(held >= 5 * TB)
})

test('a CRC-32 is written as S3 writes it', () => {
  assert.equal(base64Crc32(crc32('123456789')), 'y/Q5Jg==')
})
