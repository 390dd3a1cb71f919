import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Readable } from 'node:stream'
import { BackupError } from '../../src/core/errors.ts'
import type { Codec } from '../../src/core/ports/codec.ts'
import type { Store } from '../../src/core/ports/store.ts'
import { makeCodecs } from '../../src/pipeline/codecs.ts'
import { digestObject } from '../../src/pipeline/read-object.ts'
import { writeObject, type Written } from '../../src/pipeline/write-object.ts'
import { filesIn } from '../support/engine/engine.ts'
import { faultyStore } from '../support/stores/faulty-local.ts'
import { bodyOf, brokenBody, digestOf, never, noise, rejection, stalledBody } from '../support/streams.ts'

const BYTES = noise(3_000_000)
const SOURCE_DIED = new BackupError('SOURCE_FAILED', 'the source died')
const STORE_DIED = new BackupError('STORE_FAILED', 'the store died')
const CANCELLED = new BackupError('CANCELLED', 'the job was cancelled')

interface Given {
  readonly image?: Readable
  readonly onBytes?: (bytes: number) => void
  readonly signal?: AbortSignal
}

function write (
  store: Store,
  codec: Codec | null,
  { image = bodyOf(BYTES), onBytes = () => {}, signal = never }: Given = {}
): Promise<Written> {
  return writeObject({ image, size: BYTES.length, codec, seal: null, store, key: 'a.db', onBytes }, signal)
}

/** Gives all its bytes, and then says that it failed. */
function failsAtTheEnd (): Readable {
  return brokenBody(BYTES, SOURCE_DIED)
}

for (const [name, codec] of Object.entries(makeCodecs(2))) {
  test(`${name}: both digests are those of what was read and of what is stored`, async t => {
    const { store } = await faultyStore(t)
    const written = await write(store, codec)
    assert.deepEqual(written.image, digestOf(BYTES))
    assert.deepEqual(written.object, await digestObject(store, 'a.db', () => {}, never))
  })

  test(`${name}: progress is told in plain bytes, up to the last`, async t => {
    const { store } = await faultyStore(t)
    let last = 0
    await write(store, codec, {
      onBytes: bytes => {
        assert.ok(bytes > last)
        last = bytes
      }
    })
    assert.equal(last, BYTES.length)
  })

  for (
    const [when, image] of [
      ['at once', () => brokenBody('', SOURCE_DIED)],
      ['midway', () => brokenBody(BYTES.subarray(0, 2_000_000), SOURCE_DIED)],
      ['after its last byte', failsAtTheEnd]
    ] as const
  ) {
    test(`${name}: an image that dies ${when} leaves nothing in the store and is the error`, async t => {
      const { store, directory } = await faultyStore(t)
      assert.equal(await rejection(write(store, codec, { image: image() })), SOURCE_DIED)
      assert.deepEqual(filesIn(directory), [])
    })
  }

  for (
    const [when, at] of [['before it takes a byte', 'before'], ['at the first byte', 0], ['midway', 500_000], [
      'when all is there',
      BYTES.length * 2
    ]] as const
  ) {
    test(`${name}: a store that fails ${when} ends the image and is the error`, async t => {
      const { store, faults, directory } = await faultyStore(t)
      faults.fail('store.put', { error: STORE_DIED, when: at })
      const image = bodyOf(BYTES)
      assert.equal(await rejection(write(store, codec, { image })), STORE_DIED)
      assert.deepEqual([filesIn(directory), image.destroyed], [[], true])
    })
  }

  for (const when of ['before the start', 'while the image stalls', 'midway'] as const) {
    test(`${name}: an abort ${when} rejects with its reason and leaves nothing in the store`, async t => {
      const { store, directory } = await faultyStore(t)
      const abort = new AbortController()
      if (when === 'before the start') abort.abort(CANCELLED)
      const image = when === 'while the image stalls' ? stalledBody(BYTES.subarray(0, 1_500_000)) : bodyOf(BYTES)
      const onBytes = (): void => {
        abort.abort(CANCELLED)
      }
      assert.equal(await rejection(write(store, codec, { image, onBytes, signal: abort.signal })), CANCELLED)
      assert.deepEqual([filesIn(directory), image.destroyed], [[], true])
    })
  }

  test(`${name}: an abort while the store finishes rejects with its reason and leaves nothing in the store`, async t => {
    const { store, faults, directory } = await faultyStore(t)
    const abort = new AbortController()
    faults.meanwhile('store.put', () => {
      abort.abort(CANCELLED)
    })
    assert.equal(await rejection(write(store, codec, { signal: abort.signal })), CANCELLED)
    assert.deepEqual(filesIn(directory), [])
  })
}

test('an uncompressed image that is shorter than it said is an error and leaves nothing in the store', async t => {
  const { store, directory } = await faultyStore(t)
  const error = await rejection(write(store, null, { image: bodyOf(BYTES.subarray(1)) }))
  assert.equal((error as BackupError).code, 'STORE_FAILED')
  assert.deepEqual(filesIn(directory), [])
})

test('an object that stands although its image failed is taken away again', async t => {
  const { store, faults, directory } = await faultyStore(t)
  // A store that takes what has come so far for the whole.
  const careless: Store = {
    ...store,
    put: async (key, body, _facts, signal) => await store.put(key, takenForWhole(body), {}, signal)
  }
  faults.meanwhile('store.remove', () => {
    assert.deepEqual(filesIn(directory), ['a.db'])
  })
  assert.equal(
    await rejection(write(
      {
        ...careless,
        remove: (key, signal) => store.remove(key, signal)
      },
      null,
      { image: failsAtTheEnd() }
    )),
    SOURCE_DIED
  )
  assert.deepEqual(filesIn(directory), [])
})

function takenForWhole (body: Readable): Readable {
  return Readable.from((async function* () {
    try {
      yield* body as AsyncIterable<Buffer>
    } catch {
      // It ends here as if nothing were wrong: what a careless store does.
    }
  })())
}
