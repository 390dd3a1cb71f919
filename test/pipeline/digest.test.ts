import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Readable, Writable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { digestCheck, digestTap, mismatch, slice } from '../../src/pipeline/digest.ts'
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
  const tap = digestTap(bytes => {
    seen.push(bytes)
  })
  await through(tap.stream, chunks(BYTES, 40_000))
  await through(
    digestCheck(digestOf(BYTES), 'it', bytes => {
      seen.push(bytes)
    }),
    chunks(BYTES, 60_000)
  )
  assert.deepEqual(seen, [40_000, 80_000, 100_000, 60_000, 100_000])
})

test('a check lets through what is as expected', async () => {
  assert.ok((await through(digestCheck(digestOf(BYTES), 'it'), chunks(BYTES, 999))).equals(BYTES))
})

for (
  const [what, bytes, reason] of [
    ['shorter', BYTES.subarray(1), 'the image has 99999 bytes instead of 100000'],
    ['longer', Buffer.concat([BYTES, BYTES]), 'the image has more than 100000 bytes'],
    ['empty', Buffer.alloc(0), 'the image has 0 bytes instead of 100000'],
    ['other', noise(100_000, 2), 'the image has SHA-256']
  ] as const
) {
  test(`a check errors at the end of a stream that is ${what}`, async () => {
    const error = await rejectsWith(
      'CHECKSUM_MISMATCH',
      through(digestCheck(digestOf(BYTES), 'the image'), chunks(bytes, 999))
    )
    assert.ok(error.message.startsWith(reason), error.message)
  })
}

/** How many bytes come out before `stage` ends or errors. */
async function passed (stage: Transform, input: Iterable<Buffer>): Promise<number> {
  let bytes = 0
  const counted = new Writable({
    write (chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      done()
    }
  })
  await pipeline(Readable.from(input), stage, counted).catch(() => {})
  return bytes
}

for (const size of [1, 999, 99_999, 200_000]) {
  test(`a reader who counts never has all of a stream that is wrong, in chunks of ${size}`, async () => {
    for (const at of [0, 50_000, BYTES.length - 1]) {
      const damaged = Buffer.from(BYTES)
      damaged[at]! ^= 1
      for (const bytes of [damaged, Buffer.concat([damaged, noise(2)])]) {
        const seen = await passed(digestCheck(digestOf(BYTES), 'it'), [...chunks(bytes, size), Buffer.alloc(0)])
        assert.ok(seen < BYTES.length, `${seen} bytes`)
      }
    }
    assert.equal(
      await passed(digestCheck(digestOf(BYTES), 'it'), [...chunks(BYTES, size), Buffer.alloc(0)]),
      BYTES.length
    )
  })
}

test('a check ends a stream that has no end as soon as it is longer than it may be', async () => {
  let given = 0
  const endless = function* (): Generator<Buffer> {
    for (;; given++) yield BYTES
  }
  assert.equal(await passed(digestCheck({ size: 250_000, sha256: '' }, 'it'), endless()), BYTES.length)
  assert.ok(given < 100, `${given} chunks`)
})

test('the last of a slice comes only at the end of all, and not after an error', async () => {
  const range = { start: 10, end: 89 }
  assert.equal(await passed(slice(range), chunks(BYTES, 7)), 80)
  const broken = function* (): Generator<Buffer> {
    yield* chunks(BYTES, 7)
    throw new Error('broken')
  }
  assert.ok(await passed(slice(range), broken()) < 80)
})

test('what is as expected has no mismatch', () => {
  assert.equal(mismatch(digestOf('a'), digestOf('a'), 'it'), undefined)
})
