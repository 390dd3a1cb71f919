import assert from 'node:assert/strict'
import { after, before, describe, test, type TestContext } from 'node:test'
import { buffer } from 'node:stream/consumers'
import type { ContainerClient, ContainerListBlobFlatSegmentResponse } from '@azure/storage-blob'
import { Secret } from '../../../src/core/secret.ts'
import type { Store } from '../../../src/core/ports/store.ts'
import { azureStore } from '../../../src/stores/azure/azure.ts'
import type { AzureStoreOptions } from '../../../src/stores/azure/options.ts'
import { startAzurite, type Azurite } from '../../support/stores/azurite.ts'
import {
  changes,
  cutsAnswer,
  dropsRequest,
  losesAnswer,
  lyingProxy,
  says,
  type LyingProxy
} from '../../support/stores/lying-proxy.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { HastyClock } from '../../support/stores/s3.ts'
import { bodyOf, digestOf, never, noise } from '../../support/streams.ts'

/** Three blocks: two of 8 MiB, and what is left. */
const LARGE = noise(17_000_000)
const OTHER = noise(LARGE.length, 2)
/** One request takes it, and several of its answers' breaks fit into it. */
const MIDDLE = LARGE.subarray(0, 3_500_000)
const BLOCK = /comp=block&/
const LIST = /comp=blocklist/

let azurite: Azurite
before(async () => {
  azurite = await startAzurite()
})
after(async () => {
  await azurite.stop()
})

interface Stage {
  /** Through the proxy. */
  readonly store: Store
  readonly proxy: LyingProxy
  /** Looks behind the store. */
  readonly client: ContainerClient
  readonly clock: HastyClock
}

async function stage (t: Pick<TestContext, 'after'>, changed: Partial<AzureStoreOptions> = {}): Promise<Stage> {
  const url = new URL(azurite.endpoint)
  const proxy = await lyingProxy(t, url.origin)
  const container = await azurite.container()
  const clock = new HastyClock()
  const store = azureStore({
    name: 'azure',
    account: azurite.account,
    key: new Secret(azurite.key),
    container,
    prefix: '',
    endpoint: proxy.endpoint + url.pathname,
    clock,
    ...changed
  })
  return { proxy, clock, client: azurite.clientOf(container), store }
}

async function holds (store: Store, key: string, bytes: Buffer): Promise<void> {
  assert.deepEqual(digestOf(await buffer(await store.get(key, undefined, never))), digestOf(bytes))
}

async function namesIn (client: ContainerClient): Promise<string[]> {
  const names: string[] = []
  for await (const { name } of client.listBlobsFlat()) names.push(name)
  return names
}

describe('azure: put', () => {
  test('a body of several blocks arrives whole, with its digest', async t => {
    const { store, client } = await stage(t)
    const { sha256 } = digestOf(LARGE)
    assert.equal((await store.put('a', bodyOf(LARGE), { size: LARGE.length, sha256 }, never)).size, LARGE.length)
    await holds(store, 'a', LARGE)
    assert.equal((await client.getBlobClient('a').getProperties()).metadata?.sha256, sha256)
  })

  for (
    const [what, lie] of [['is lost', losesAnswer()], ['is a 503', says(503)], [
      'breaks off',
      dropsRequest(1_000_000)
    ]] as const
  ) {
    test(`a block whose request ${what} is sent again`, async t => {
      const { store, proxy, clock } = await stage(t)
      proxy.lie({ method: 'PUT', on: BLOCK }, lie)
      await store.put('a', bodyOf(LARGE), {}, never)
      await holds(store, 'a', LARGE)
      assert.deepEqual(clock.waits, [250])
    })
  }

  for (
    const [what, on, bytes] of [['one request', /\/a$/, LARGE.subarray(0, 100)], [
      'several blocks',
      LIST,
      LARGE
    ]] as const
  ) {
    test(`a last answer of ${what} that is lost is no failure: the object tells that it is the one`, async t => {
      const { store, proxy } = await stage(t)
      proxy.lie({ method: 'PUT', on }, losesAnswer())
      assert.equal((await store.put('a', bodyOf(bytes), {}, never)).size, bytes.length)
      await holds(store, 'a', bytes)
    })
  }

  test('a store that is too busy is asked five times, and nothing is left', async t => {
    const { store, proxy, clock, client } = await stage(t)
    proxy.lie({ method: 'PUT', on: LIST, times: Infinity }, says(503))
    await rejectsWith('STORE_UNAVAILABLE', store.put('a', bodyOf(LARGE), {}, never))
    assert.deepEqual([clock.waits, await namesIn(client)], [[250, 1_000, 4_000, 10_000], []])
  })

  test('blocks that nobody made an object of are in nobody’s way', async t => {
    const { store, proxy } = await stage(t)
    proxy.lie({ method: 'PUT', on: LIST, times: 5 }, says(503))
    await rejectsWith('STORE_UNAVAILABLE', store.put('a', bodyOf(LARGE), {}, never))
    await store.put('a', bodyOf(OTHER), {}, never)
    await holds(store, 'a', OTHER)
  })

  test('two uploads of several blocks to one name: one wins, the other finds it taken', async t => {
    const { store } = await stage(t)
    const bodies = [LARGE, OTHER]
    const results = await Promise.allSettled(bodies.map(body => store.put('a', bodyOf(body), {}, never)))
    assert.deepEqual(
      results.flatMap(result => result.status === 'rejected' ? [(result.reason as { code?: string }).code] : []),
      ['OBJECT_EXISTS']
    )
    await holds(store, 'a', bodies[results.findIndex(({ status }) => status === 'fulfilled')] ?? Buffer.alloc(0))
  })

  for (
    const [what, header, value] of [['another digest', 'content-md5', 'AAAAAAAAAAAAAAAAAAAAAA=='], [
      'another length',
      'content-length',
      '2'
    ]] as const
  ) {
    test(`a store that tells ${what} than that of what was sent has stored nothing, and what it made is taken back`, async t => {
      const { store, proxy, client } = await stage(t)
      proxy.lie({ method: 'HEAD' }, changes(({ headers }) => ({ headers: { ...headers, [header]: value } })))
      await rejectsWith('STORE_FAILED', store.put('a', bodyOf('one'), {}, never))
      assert.deepEqual(await namesIn(client), [])
    })
  }
})

describe('azure: get, list, remove', () => {
  test('a body that breaks off is gone on with from the byte that was reached', async t => {
    const { store, proxy } = await stage(t)
    await store.put('a', bodyOf(MIDDLE), {}, never)
    for (const bytes of [1_000_000, 0, 500_000]) proxy.lie({ method: 'GET' }, cutsAnswer(bytes))
    const read = await buffer(await store.get('a', { start: 10, end: 3_000_000 }, never))
    assert.deepEqual(digestOf(read), digestOf(MIDDLE.subarray(10, 3_000_001)))
  })

  test('an object that is replaced while it is read errors, and is not joined to the old one', async t => {
    const { store, proxy } = await stage(t)
    await store.put('a', bodyOf(MIDDLE), {}, never)
    proxy.lie({ method: 'GET' }, cutsAnswer(1_000_000))
    const body = await store.get('a', undefined, never)
    await store.put('a', bodyOf(OTHER.subarray(0, MIDDLE.length)), { replace: true }, never)
    assert.match((await rejectsWith('STORE_FAILED', buffer(body))).message, /was replaced while it was read$/)
  })

  test('a store that says that it removed an object, and keeps it, is found out', async t => {
    const { store, proxy } = await stage(t)
    await store.put('a', bodyOf('one'), {}, never)
    proxy.lie({ method: 'DELETE' }, says(202))
    assert.match((await rejectsWith('STORE_FAILED', store.remove('a', never))).message, /still has it$/)
  })

  test('an object in the archive is OBJECT_ARCHIVED and says how long it takes, and is thawed once', async t => {
    const { store, proxy, client } = await stage(t)
    await store.put('a', bodyOf('one'), {}, never)
    await client.getBlobClient('a').setAccessTier('Archive')
    const archived = { storageClass: 'Archive', isThawing: false, hours: 15 }
    assert.deepEqual((await store.stat('a', never)).archived, archived)
    for await (const found of store.list('', never)) assert.deepEqual(found.archived, archived)
    assert.match((await rejectsWith('OBJECT_ARCHIVED', store.get('a', undefined, never))).hint ?? '', /within 15 hours/)
    proxy.lie(
      { method: 'HEAD', times: 2 },
      changes(({ headers }) => ({ headers: { ...headers, 'x-ms-archive-status': 'rehydrate-pending-to-hot' } }))
    )
    assert.equal((await store.stat('a', never)).archived?.isThawing, true)
    await store.thaw?.('a', 1, never)
    assert.equal(proxy.seen.filter(({ url }) => url.includes('comp=tier')).length, 0)
    await store.thaw?.('a', 1, never)
    assert.equal(proxy.seen.filter(({ url }) => url.includes('comp=tier')).length, 1)
  })

  test('a list of several pages is whole, also where they are smaller than was asked for', async t => {
    const { store, client, proxy } = await stage(t)
    const names = Array.from({ length: 103 }, (_, n) => `k${String(n).padStart(3, '0')}`)
    await Promise.all(names.map(name => client.getBlockBlobClient(name).upload('', 0)))
    proxy.lie({ method: 'GET', on: /comp=list&/, times: 3 }, async ({ request, response }) => {
      const continuationToken = new URL(request.url ?? '', proxy.endpoint).searchParams.get('marker') ?? undefined
      const pages = client.listBlobsFlat().byPage({
        maxPageSize: 50,
        ...continuationToken !== undefined && { continuationToken }
      })
      const { value } = await pages.next() as IteratorResult<ContainerListBlobFlatSegmentResponse, undefined>
      response.writeHead(200, { 'content-type': 'application/xml' }).end(value?._response.bodyAsText)
    })
    const found: string[] = []
    for await (const { key } of store.list('', never)) found.push(key)
    assert.deepEqual(found, names)
  })
})

describe('azure: what it says', () => {
  test('a container that is not there is STORE_UNAVAILABLE, and not an object that is missing', async t => {
    const { store } = await stage(t, { container: 'none' })
    for (
      const call of [
        () => store.open(never),
        () => store.stat('a', never),
        () => store.get('a', undefined, never),
        () => store.put('a', bodyOf('one'), {}, never)
      ]
    ) {
      await rejectsWith('STORE_UNAVAILABLE', call())
    }
  })

  test('a wrong key is STORE_UNAVAILABLE, and stands in no message', async t => {
    const { store } = await stage(t, { key: new Secret(Buffer.from('wrong').toString('base64')) })
    const error = await rejectsWith('STORE_UNAVAILABLE', store.open(never))
    assert.match(error.message, /credentials/)
    assert.doesNotMatch(JSON.stringify([error, error.cause, String(error.cause)]), /d3Jvbmc/)
  })

  test('a machine that nobody answers from is STORE_UNAVAILABLE', async t => {
    const { store } = await stage(t, { endpoint: 'http://127.0.0.1:1/devstoreaccount1' })
    assert.match((await rejectsWith('STORE_UNAVAILABLE', store.open(never))).message, /cannot be reached$/)
  })

  test('the clock of the store is told, and that locks are off', async t => {
    const { store } = await stage(t)
    const { clockAhead, objectLock } = await store.features(never)
    assert.ok(clockAhead !== null && Math.abs(clockAhead) <= 2_000)
    assert.equal(objectLock, false)
  })
})
