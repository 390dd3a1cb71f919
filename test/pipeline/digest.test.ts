import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { digestCheck, digestTap, mismatch } from '../../src/pipeline/digest.ts'
import { rejectsWith } from '../support/rejects.ts'
import { chunks, digestOf, noise, through } from '../support/streams.ts'

const BYTES = noise(100_000)

test('a tap lets the bytes through and knows their size and SHA-256', async () => {
  const tap = digestTap()
  assert.ok((await through(tap.stream, chunks(BYTES, 999))).equals(BYTES))
  assert.deepEqual(tap.result(), { size: BYTES.length, sha256: createHash('sha256').update(BYTES).digest('hex') })
})

test('a tap may be asked more than once', async () => {
  const tap = digestTap()
  await through(tap.stream, [])
  assert.deepEqual(tap.result(), digestOf(''))
  assert.deepEqual(tap.result(), digestOf(''))
})

test('a tap and a check tell the bytes so far after each chunk', async () => {
  const seen: number[] = []
  const tap = digestTap(bytes => { seen.push(bytes) })
  await through(tap.stream, chunks(BYTES, 40_000))
  await through(digestCheck(digestOf(BYTES), 'it', bytes => { seen.push(bytes) }), chunks(BYTES, 60_000))
  assert.deepEqual(seen, [40_000, 80_000, 100_000, 60_000, 100_000])
})

test('a check lets through what is as expected', async () => {
  assert.ok((await through(digestCheck(digestOf(BYTES), 'it'), chunks(BYTES, 999))).equals(BYTES))
})

for (const [what, bytes, reason] of [
  ['shorter', BYTES.subarray(1), 'the image has 99999 bytes instead of 100000'],
  ['longer', Buffer.concat([BYTES, BYTES]), 'the image has 200000 bytes instead of 100000'],
  ['empty', Buffer.alloc(0), 'the image has 0 bytes instead of 100000'],
  ['other', noise(100_000, 2), 'the image has SHA-256']
] as const) {
  test(`a check errors at the end of a stream that is ${what}`, async () => {
    const error = await rejectsWith('CHECKSUM_MISMATCH', through(digestCheck(digestOf(BYTES), 'the image'), chunks(bytes, 999)))
    assert.ok(error.message.startsWith(reason), error.message)
  })
}

test('what is as expected has no mismatch', () => {
  assert.equal(mismatch(digestOf('a'), digestOf('a'), 'it'), undefined)
})
