import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { serializeManifest, type Manifest } from '../../../src/core/backup/manifest.ts'
import type { ByteRange, Store } from '../../../src/core/ports/store.ts'
import type { ObjectLocation } from '../../../src/engine/artifacts/locations.ts'
import { isSameManifest, isSameObject, verifyCopy } from '../../../src/engine/replication/verify-copy.ts'
import { manifestOf } from '../../support/catalog/catalog.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { faultyStore } from '../../support/stores/faulty-local.ts'
import { bodyOf, digestOf, never, noise } from '../../support/streams.ts'

const SAMPLE = 64 * 1024

/** An object in a store, and another one in its place in a second store. */
async function pair (
  t: TestContext,
  bytes: Buffer,
  other = bytes
): Promise<{ readonly original: ObjectLocation, readonly copy: ObjectLocation, readonly manifest: Manifest }> {
  const [original, copy] = [await faultyStore(t), await faultyStore(t)].map(({ store }) => ({ store, key: 'a.db' }))
  await original!.store.put('a.db', bodyOf(bytes), {}, never)
  await copy!.store.put('a.db', bodyOf(other), {}, never)
  return {
    original: original!,
    copy: copy!,
    manifest: manifestOf({ id: 1 }, { object: { name: 'a.db', ...digestOf(bytes) } })
  }
}

/** The place, with the ranges that are read there. */
function watched ({ store, key }: ObjectLocation, ranges: (ByteRange | undefined)[]): ObjectLocation {
  const get: Store['get'] = (name, range, signal) => {
    ranges.push(range)
    return store.get(name, range, signal)
  }
  return { store: { ...store, get }, key }
}

for (const size of [0, 1, SAMPLE, SAMPLE + 1, 8 * SAMPLE]) {
  test(`of a copy of ${size} bytes every byte is compared`, async t => {
    const { original, copy, manifest } = await pair(t, noise(size))
    const ranges: (ByteRange | undefined)[] = []
    await verifyCopy(original, watched(copy, ranges), manifest, never)
    assert.deepEqual(
      ranges,
      Array.from(
        { length: Math.ceil(size / SAMPLE) },
        (_, n) => ({ start: n * SAMPLE, end: Math.min(size, (n + 1) * SAMPLE) - 1 })
      )
    )
  })
}

test('of a longer copy eight samples are compared, the first and the last bytes among them', async t => {
  const size = 8 * SAMPLE + 1
  const { original, copy, manifest } = await pair(t, noise(size))
  const ranges: (ByteRange | undefined)[] = []
  await verifyCopy(original, watched(copy, ranges), manifest, never)
  assert.deepEqual([ranges.length, ranges.slice(0, 2)], [8, [{ start: 0, end: SAMPLE - 1 }, {
    start: size - SAMPLE,
    end: size - 1
  }]])
  assert.ok(ranges.every(range => range !== undefined && range.end - range.start === SAMPLE - 1 && range.end < size))
})

for (const [what, size, at] of [['first', SAMPLE, 0], ['last', 20 * SAMPLE, 20 * SAMPLE - 1]] as const) {
  test(`a copy of ${size} bytes whose ${what} byte differs is CHECKSUM_MISMATCH, and no longer the same object`, async t => {
    const bytes = noise(size)
    const other = Buffer.from(bytes)
    other[at]! ^= 1
    const { original, copy, manifest } = await pair(t, bytes, other)
    const { message } = await rejectsWith('CHECKSUM_MISMATCH', verifyCopy(original, copy, manifest, never))
    assert.match(message, /returned different bytes/)
    assert.equal(await isSameObject(copy, manifest, () => {}, never), false)
  })
}

test('a copy of another length is CHECKSUM_MISMATCH, and is not read', async t => {
  const { original, copy, manifest } = await pair(t, noise(100), noise(99))
  const ranges: (ByteRange | undefined)[] = []
  const { message } = await rejectsWith(
    'CHECKSUM_MISMATCH',
    verifyCopy(original, watched(copy, ranges), manifest, never)
  )
  assert.match(message, /99 bytes instead of 100/)
  assert.equal(await isSameObject(watched(copy, ranges), manifest, () => {}, never), false)
  assert.deepEqual(ranges, [])
})

test('the same object is read whole, with its progress', async t => {
  const { copy, manifest } = await pair(t, noise(300_000))
  let done = 0
  assert.equal(
    await isSameObject(copy, manifest, bytes => {
      done = bytes
    }, never),
    true
  )
  assert.equal(done, 300_000)
})

test('a manifest is the same where every byte is; one that is missing is an error', async t => {
  const { copy, manifest } = await pair(t, noise(10))
  await rejectsWith('OBJECT_NOT_FOUND', isSameManifest(copy, manifest, never))
  await copy.store.put('a.db.manifest.json', bodyOf(serializeManifest(manifest)), {}, never)
  assert.equal(await isSameManifest(copy, manifest, never), true)
  await copy.store.put('a.db.manifest.json', bodyOf(`${serializeManifest(manifest)} `), { replace: true }, never)
  assert.equal(await isSameManifest(copy, manifest, never), false)
})
