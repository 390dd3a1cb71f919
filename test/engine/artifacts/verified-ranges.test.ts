import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { buffer } from 'node:stream/consumers'
import type { ByteRange, Store } from '../../../src/core/ports/store.ts'
import { verifiedRanges } from '../../../src/engine/artifacts/verified-ranges.ts'
import { farStore } from '../../support/stores/offsite-directory.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { bodyOf, digestOf, never, noise, rejection } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const MiB = 1024 * 1024
const BYTES = noise(9 * MiB + 17)
const OBJECT = digestOf(BYTES)
const PARTS = [[0, 0], [0, 4 * MiB - 1], [4 * MiB - 1, 4 * MiB], [5 * MiB, 9 * MiB], [
  BYTES.length - 1,
  BYTES.length - 1
], [1, BYTES.length - 1]] as const

interface Stage {
  readonly path: string
  /** How many bytes the store has given so far. */
  given(): number
  read(range: ByteRange, signal?: AbortSignal): Promise<Buffer>
}

async function setStage (t: TestContext, bytes = BYTES): Promise<Stage> {
  const home = tempDir(t)
  const { store } = farStore(home)
  await store.open(never)
  await store.put('a.db', bodyOf(bytes), {}, never)
  let given = 0
  const counted: Store = {
    ...store,
    get: async (key, range, signal) =>
      (await store.get(key, range, signal)).on('data', (chunk: Buffer) => {
        given += chunk.length
      }).pause()
  }
  const ranges = verifiedRanges()
  const read = async (range: ByteRange, signal = never): Promise<Buffer> =>
    await buffer(await ranges.open({ store: counted, key: 'a.db' }, OBJECT, range, signal))
  return { path: join(home, 'far/a.db'), given: () => given, read }
}

test('every part is that of the whole', async t => {
  const { read } = await setStage(t)
  for (const [start, end] of PARTS) {
    assert.ok((await read({ start, end })).equals(BYTES.subarray(start, end + 1)), `${start} to ${end}`)
  }
})

test('all of an object is read once, also for several who ask at the same time, and then the blocks that are touched', async t => {
  const { read, given } = await setStage(t)
  await Promise.all(Array.from({ length: 4 }, async () => await read({ start: 0, end: 0 })))
  assert.equal(given(), BYTES.length + 4 * 4 * MiB)
  await read({ start: BYTES.length - 1, end: BYTES.length - 1 })
  assert.equal(given(), BYTES.length + 4 * 4 * MiB + MiB + 17)
})

test('no byte of an object that is not what it must be comes out, wherever it is damaged', async t => {
  const flipped = (at: number): Buffer => {
    const damaged = Buffer.from(BYTES)
    damaged[at]! ^= 1
    return damaged
  }
  for (
    const bytes of [
      flipped(0),
      flipped(5 * MiB),
      flipped(BYTES.length - 1),
      BYTES.subarray(0, -1),
      Buffer.concat([BYTES, BYTES])
    ]
  ) {
    const { read } = await setStage(t, bytes)
    for (const [start, end] of PARTS) await rejectsWith('CHECKSUM_MISMATCH', read({ start, end }))
  }
})

test('what changes after the proof does not come out', async t => {
  const { read, path } = await setStage(t)
  await read({ start: 0, end: 0 })
  const damaged = readFileSync(path)
  damaged[5 * MiB]! ^= 1
  writeFileSync(path, damaged)
  assert.ok((await read({ start: 0, end: 99 })).equals(BYTES.subarray(0, 100)))
  await rejectsWith('CHECKSUM_MISMATCH', read({ start: 5 * MiB + 100, end: 5 * MiB + 200 }))
  writeFileSync(path, BYTES.subarray(0, 9 * MiB))
  await rejectsWith('CHECKSUM_MISMATCH', read({ start: 8 * MiB + 1, end: 9 * MiB + 3 }))
})

test('one who leaves does not end the reading for the others', async t => {
  const { read } = await setStage(t)
  const leaving = new AbortController()
  const left = read({ start: 0, end: 9 }, leaving.signal)
  const stays = read({ start: 5, end: 9 })
  leaving.abort(new Error('left'))
  assert.equal((await rejection(left) as Error).message, 'left')
  assert.ok((await stays).equals(BYTES.subarray(5, 10)))
})

test('a reading that nobody waits for any more ends, and the next one begins anew', async t => {
  const { read } = await setStage(t)
  const leaving = new AbortController()
  const left = read({ start: 0, end: 9 }, leaving.signal)
  leaving.abort(new Error('left'))
  await rejection(left)
  assert.ok((await read({ start: 5, end: 9 })).equals(BYTES.subarray(5, 10)))
})
