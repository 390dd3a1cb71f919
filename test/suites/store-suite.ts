import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { buffer } from 'node:stream/consumers'
import type { Readable } from 'node:stream'
import { BackupError } from '../../src/core/errors.ts'
import type { ByteRange, LandingStore, ObjectFacts, Store } from '../../src/core/ports/store.ts'
import { writeObject } from '../../src/pipeline/write-object.ts'
import { rejectsWith } from '../support/rejects.ts'
import { bodyOf, brokenBody, digestOf, never, noise, rejection, stalledBody, until } from '../support/streams.ts'

type Make = (t: TestContext) => Promise<Store>

/** Every promise of core/ports/store.ts, for every kind of store. `make` gives an opened, empty one. */
export function storeSuite (kind: string, make: Make): void {
  describe(`${kind}: put`, () => {
    putSuite(make)
  })
  describe(`${kind}: get and stat`, () => {
    readSuite(make)
  })
  describe(`${kind}: list, remove`, () => {
    keepSuite(make)
  })
  describe(`${kind}: an aborted signal`, () => {
    abortSuite(make)
  })
}

/** What a store in which backups land promises beyond that. */
export function landingStoreSuite (kind: string, make: (t: TestContext) => Promise<LandingStore>): void {
  storeSuite(kind, make)
  describe(`${kind}: move and space`, () => {
    landingSuite(make)
  })
}

const BYTES = noise(300_000)

async function put (
  store: Store,
  key: string,
  body: Readable | string = bodyOf('one'),
  facts: ObjectFacts = {}
): Promise<void> {
  await store.put(key, typeof body === 'string' ? bodyOf(body) : body, facts, never)
}

async function read (store: Store, key: string, range?: ByteRange): Promise<string> {
  return (await buffer(await store.get(key, range, never))).toString('latin1')
}

async function keys (store: Store, prefix = ''): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of store.list(prefix, never)) found.push(key)
  return found
}

async function isEmpty (store: Store, key: string): Promise<void> {
  assert.deepEqual(await keys(store), [])
  await rejectsWith('OBJECT_NOT_FOUND', store.stat(key, never))
  await rejectsWith('OBJECT_NOT_FOUND', store.get(key, undefined, never))
}

function putSuite (make: Make): void {
  test('an object is readable, listed and known by its size once put resolves', async t => {
    const store = await make(t)
    const stored = await store.put('a/b.db', bodyOf(BYTES), { size: BYTES.length }, never)
    assert.deepEqual([stored.key, stored.size, stored.modifiedAt instanceof Date], ['a/b.db', BYTES.length, true])
    assert.deepEqual(await store.stat('a/b.db', never), stored)
    assert.deepEqual(digestOf(await buffer(await store.get('a/b.db', undefined, never))), digestOf(BYTES))
    assert.deepEqual(await keys(store), ['a/b.db'])
  })

  test('an empty body makes an empty object', async t => {
    const store = await make(t)
    await put(store, 'empty', bodyOf(''), { size: 0 })
    assert.equal((await store.stat('empty', never)).size, 0)
    assert.equal(await read(store, 'empty'), '')
  })

  test('put refuses a name that is taken, and leaves what is there', async t => {
    const store = await make(t)
    await put(store, 'a', 'one')
    await rejectsWith('OBJECT_EXISTS', store.put('a', bodyOf('two'), {}, never))
    assert.deepEqual([await read(store, 'a'), await keys(store)], ['one', ['a']])
  })

  test('of several puts to one name at the same time one wins, and the others find it taken', async t => {
    const store = await make(t)
    const bodies = Array.from({ length: 8 }, (_, n) => String(n).repeat(100_000))
    const results = await Promise.allSettled(bodies.map(body => store.put('a', bodyOf(body), {}, never)))
    const winners = results.flatMap((result, n) => result.status === 'fulfilled' ? [n] : [])
    const codes = results.flatMap(result => result.status === 'rejected' ? [(result.reason as BackupError).code] : [])
    assert.equal(winners.length, 1)
    assert.deepEqual(codes, Array(7).fill('OBJECT_EXISTS'))
    assert.equal(await read(store, 'a'), bodies[winners[0]!])
  })

  test('put replaces when it is told to', async t => {
    const store = await make(t)
    await put(store, 'a', 'one')
    await put(store, 'a', 'three', { replace: true })
    assert.deepEqual([await read(store, 'a'), await keys(store)], ['three', ['a']])
  })

  test('a replacement that fails leaves what was there', async t => {
    const store = await make(t)
    await put(store, 'a', 'one')
    await rejection(store.put('a', brokenBody('thr', new Error('gone')), { replace: true }, never))
    assert.deepEqual([await read(store, 'a'), await keys(store)], ['one', ['a']])
  })

  for (const [when, bytes] of [['before its first byte', ''], ['midway', BYTES]] as const) {
    test(`a body that dies ${when} leaves nothing behind and passes its error through`, async t => {
      const store = await make(t)
      const error = new BackupError('SOURCE_FAILED', 'the source died')
      assert.equal(await rejection(store.put('a/b', brokenBody(bytes, error), {}, never)), error)
      await isEmpty(store, 'a/b')
    })
  }

  for (const [what, size] of [['shorter', BYTES.length + 1], ['longer', BYTES.length - 1]] as const) {
    test(`a body that is ${what} than its size is an error and leaves nothing behind`, async t => {
      const store = await make(t)
      await rejectsWith('STORE_FAILED', store.put('a', bodyOf(BYTES), { size }, never))
      await isEmpty(store, 'a')
    })
  }

  test('an object that is under way is neither listed nor readable', async t => {
    const store = await make(t)
    const abort = new AbortController()
    const body = stalledBody(BYTES)
    const result = store.put('a', body, {}, abort.signal)
    await until(() => body.readableLength === 0)
    await isEmpty(store, 'a')
    abort.abort()
    await rejection(result)
  })

  test('a name that was removed may be taken again', async t => {
    const store = await make(t)
    await put(store, 'a', 'one')
    await store.remove('a', never)
    await put(store, 'a', 'two')
    assert.equal(await read(store, 'a'), 'two')
  })
}

function readSuite (make: Make): void {
  for (
    const [start, end, expected] of [[0, 0, '0'], [2, 5, '2345'], [8, 9, '89'], [0, 9, '0123456789'], [
      8,
      20,
      '89'
    ]] as const
  ) {
    test(`bytes ${start} to ${end} of ten are "${expected}"`, async t => {
      const store = await make(t)
      await put(store, 'a', '0123456789')
      assert.equal(await read(store, 'a', { start, end }), expected)
    })
  }

  test('what is not there is OBJECT_NOT_FOUND', async t => {
    const store = await make(t)
    await put(store, 'folder/a')
    await rejectsWith('OBJECT_NOT_FOUND', store.get('b', undefined, never))
    await rejectsWith('OBJECT_NOT_FOUND', store.stat('b', never))
    await rejectsWith('OBJECT_NOT_FOUND', store.stat('folder/b', never))
    await rejectsWith('OBJECT_NOT_FOUND', store.stat('folder/a/b', never))
  })

  test('a part of a key is no object', async t => {
    const store = await make(t)
    await put(store, 'folder/a')
    await rejectsWith('OBJECT_NOT_FOUND', store.stat('folder', never))
    await rejectsWith('OBJECT_NOT_FOUND', store.get('folder', undefined, never))
  })

  test('an object can be read by several at the same time', async t => {
    const store = await make(t)
    await put(store, 'a', bodyOf(BYTES))
    const read = await Promise.all([1, 2, 3].map(async () => await buffer(await store.get('a', undefined, never))))
    assert.deepEqual(read.map(digestOf), Array(3).fill(digestOf(BYTES)))
  })

  test('the location of an object names it', async t => {
    assert.match((await make(t)).location('folder/a.db'), /folder\/a\.db$/)
  })

  test('a stage that fails while an object is written leaves nothing behind', async t => {
    const store = await make(t)
    const error = new BackupError('SOURCE_FAILED', 'the source died')
    const written = writeObject({
      image: brokenBody(BYTES, error),
      size: 400_000,
      codec: null,
      seal: null,
      store,
      key: 'a',
      onBytes: () => {}
    }, never)
    assert.equal(await rejection(written), error)
    await isEmpty(store, 'a')
  })
}

function keepSuite (make: Make): void {
  test('list gives every object whose key starts with the prefix, in the order of keys', async t => {
    const store = await make(t)
    for (const key of ['b', 'a/2', 'ab', 'a/1', 'a-1', 'c/d/e']) await put(store, key)
    assert.deepEqual(await keys(store), ['a-1', 'a/1', 'a/2', 'ab', 'b', 'c/d/e'])
    assert.deepEqual(await keys(store, 'a/'), ['a/1', 'a/2'])
    assert.deepEqual(await keys(store, 'a'), ['a-1', 'a/1', 'a/2', 'ab'])
    assert.deepEqual(await keys(store, 'x'), [])
  })

  test('list tells what stat tells', async t => {
    const store = await make(t)
    await put(store, 'a', 'four')
    for await (const found of store.list('', never)) assert.deepEqual(found, await store.stat('a', never))
  })

  test('an object that is removed while it is listed does not break the list', async t => {
    const store = await make(t)
    for (const key of ['a', 'b', 'c']) await put(store, key)
    const found: string[] = []
    for await (const { key } of store.list('', never)) {
      found.push(key)
      if (key === 'a') await store.remove('b', never)
    }
    assert.deepEqual([found.includes('a'), found.includes('c')], [true, true])
  })

  test('remove takes the object away, and may be repeated', async t => {
    const store = await make(t)
    await put(store, 'folder/a')
    for (let time = 0; time < 2; time++) await store.remove('folder/a', never)
    await store.remove('never/was', never)
    await isEmpty(store, 'folder/a')
  })

  test('open may be repeated and leaves the objects', async t => {
    const store = await make(t)
    await put(store, 'a')
    await store.open(never)
    assert.deepEqual(await keys(store), ['a'])
  })
}

const reason = new BackupError('CANCELLED', 'the job was cancelled')
const aborted = AbortSignal.abort(reason)

function abortedCall<S extends Store> (
  method: string,
  make: (t: TestContext) => Promise<S>,
  call: (store: S) => Promise<unknown>
): void {
  test(`${method} rejects with the signal's reason and does nothing`, async t => {
    const store = await make(t)
    await put(store, 'a', 'one')
    assert.equal(await rejection(call(store)), reason)
    assert.deepEqual(await keys(store), ['a'])
  })
}

function abortSuite (make: Make): void {
  const calls: ReadonlyArray<readonly [string, (store: Store) => Promise<unknown>]> = [
    ['open', store => store.open(aborted)],
    ['put', store => store.put('b', bodyOf('two'), {}, aborted)],
    ['get', store => store.get('a', undefined, aborted)],
    ['stat', store => store.stat('a', aborted)],
    ['list', async store => {
      for await (const { key } of store.list('', aborted)) assert.fail(key)
    }],
    ['remove', store => store.remove('a', aborted)]
  ]
  for (const [method, call] of calls) abortedCall(method, make, call)

  test('a put whose body has stalled ends with the reason, and leaves nothing behind', async t => {
    const store = await make(t)
    const abort = new AbortController()
    const body = stalledBody(BYTES)
    const result = store.put('a', body, {}, abort.signal)
    await until(() => body.readableLength === 0)
    abort.abort(reason)
    assert.equal(await rejection(result), reason)
    await isEmpty(store, 'a')
    assert.ok(body.destroyed)
  })

  test('a read under way errors', async t => {
    const store = await make(t)
    await put(store, 'a', bodyOf(noise(2_000_000)))
    const abort = new AbortController()
    const body = await store.get('a', undefined, abort.signal)
    await rejection((async () => {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        assert.ok(chunk.length < 2_000_000)
        abort.abort(reason)
      }
    })())
    assert.ok(body.destroyed)
  })
}

function landingSuite (make: (t: TestContext) => Promise<LandingStore>): void {
  test('space tells bytes, or nothing where there is no bound', async t => {
    const space = await (await make(t)).space(never)
    if (space !== undefined) assert.ok(space.free > 0 && space.free <= space.total)
  })

  test('move gives an object another name', async t => {
    const store = await make(t)
    await put(store, 'a', 'one')
    await store.move('a', 'trash/a', never)
    assert.deepEqual([await read(store, 'trash/a'), await keys(store)], ['one', ['trash/a']])
  })

  test('move never overwrites', async t => {
    const store = await make(t)
    await put(store, 'a', 'one')
    await put(store, 'b', 'two')
    await rejectsWith('OBJECT_EXISTS', store.move('a', 'b', never))
    assert.deepEqual([await read(store, 'a'), await read(store, 'b')], ['one', 'two'])
  })

  test('move to its own name leaves the object', async t => {
    const store = await make(t)
    await put(store, 'a', 'one')
    await rejectsWith('OBJECT_EXISTS', store.move('a', 'a', never))
    assert.equal(await read(store, 'a'), 'one')
  })

  test('move of what is not there is OBJECT_NOT_FOUND', async t => {
    const store = await make(t)
    await rejectsWith('OBJECT_NOT_FOUND', store.move('a', 'b', never))
    assert.deepEqual(await keys(store), [])
  })

  abortedCall('move', make, store => store.move('a', 'b', aborted))
  abortedCall('space', make, store => store.space(aborted))
}
