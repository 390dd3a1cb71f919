import assert from 'node:assert/strict'
import { generateKeyPairSync, hash, verify } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { buffer } from 'node:stream/consumers'
import type { Store } from '../../../src/core/ports/store.ts'
import { gcsStore } from '../../../src/stores/gcs/gcs.ts'
import { startFakeGcs, type FakeBucket, type FakeGcs } from '../../support/stores/fake-gcs.ts'
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
import { tempDir } from '../../support/temp-dir.ts'
import { bodyOf, digestOf, never, noise, rejection, stalledBody, until } from '../../support/streams.ts'

/** Three chunks: two of 8 MiB, and what is left. */
const LARGE = noise(17_000_000)
const OTHER = noise(LARGE.length, 2)
/** One request takes it, and several of its answers' breaks fit into it. */
const MIDDLE = LARGE.subarray(0, 3_500_000)
const CHUNK = /upload_id=/

let gcs: FakeGcs
before(async () => {
  gcs = await startFakeGcs()
})
after(async () => {
  await gcs.stop()
})

interface Stage {
  /** Through the proxy. */
  readonly store: Store
  readonly proxy: LyingProxy
  readonly bucket: FakeBucket
  readonly clock: HastyClock
}

async function stage (t: Pick<TestContext, 'after'>): Promise<Stage> {
  const proxy = await lyingProxy(t, gcs.endpoint)
  const name = gcs.bucket()
  const clock = new HastyClock()
  return {
    proxy,
    clock,
    bucket: gcs.bucketOf(name),
    store: gcsStore({ name: 'gcs', bucket: name, prefix: '', keyFile: undefined, endpoint: proxy.endpoint, clock })
  }
}

async function holds (store: Store, key: string, bytes: Buffer): Promise<void> {
  assert.deepEqual(digestOf(await buffer(await store.get(key, undefined, never))), digestOf(bytes))
}

describe('gcs: put', () => {
  test('a body of several chunks arrives whole, also where the store keeps only a part of each', async t => {
    const { store } = await stage(t)
    gcs.keepsOfChunk = 5 * 1024 * 1024
    t.after(() => {
      gcs.keepsOfChunk = Number.POSITIVE_INFINITY
    })
    assert.equal((await store.put('a', bodyOf(LARGE), { size: LARGE.length }, never)).size, LARGE.length)
    await holds(store, 'a', LARGE)
  })

  for (const [what, lie] of [['is lost', losesAnswer()], ['is a 503', says(503)]] as const) {
    test(`a chunk whose answer ${what} is gone on with where the store says that it is`, async t => {
      const { store, proxy, clock } = await stage(t)
      proxy.lie({ method: 'PUT', on: CHUNK }, lie)
      await store.put('a', bodyOf(LARGE), {}, never)
      await holds(store, 'a', LARGE)
      assert.deepEqual(clock.waits, [250])
      assert.ok(proxy.seen.some(({ headers }) => headers['content-range'] === 'bytes */*'))
    })
  }

  test('a connection that breaks within a chunk is made anew', async t => {
    const { store, proxy } = await stage(t)
    proxy.lie({ method: 'PUT', on: CHUNK }, dropsRequest(1_000_000))
    await store.put('a', bodyOf(LARGE), {}, never)
    await holds(store, 'a', LARGE)
  })

  test('a last answer that is lost is no failure: the object tells that it is the one', async t => {
    const { store, proxy } = await stage(t)
    proxy.lie({ method: 'POST' }, losesAnswer())
    assert.equal((await store.put('a', bodyOf('one'), {}, never)).size, 3)
    await holds(store, 'a', Buffer.from('one'))
  })

  test('a store that is too busy is asked five times, and nothing is left', async t => {
    const { store, proxy, clock, bucket } = await stage(t)
    proxy.lie({ method: 'PUT', times: Infinity }, says(503))
    await rejectsWith('STORE_UNAVAILABLE', store.put('a', bodyOf(LARGE), {}, never))
    assert.deepEqual(clock.waits, [250, 1_000, 4_000, 10_000])
    assert.deepEqual([bucket.objects.size, gcs.unfinished()], [0, 0])
  })

  test('bytes that were changed on their way are refused by the store, and nothing is left', async t => {
    const { store, proxy, bucket } = await stage(t)
    proxy.lie({ method: 'POST', on: /uploadType=multipart/ }, async ({ request, response }) => {
      const body = (await buffer(request)).toString('latin1').replace('\r\n\r\none\r\n', '\r\n\r\ntwo\r\n')
      const answer = await fetch(gcs.endpoint + (request.url ?? ''), {
        method: 'POST',
        headers: { 'content-type': request.headers['content-type'] ?? '' },
        body
      })
      response.writeHead(answer.status).end(await answer.text())
    })
    await rejectsWith('STORE_FAILED', store.put('a', bodyOf('one'), {}, never))
    assert.equal(bucket.objects.size, 0)
  })

  test('a store that tells another digest than that of what was sent has stored nothing, and what it made is taken back', async t => {
    const { store, proxy, bucket } = await stage(t)
    proxy.lie(
      { method: 'POST', on: /uploadType=multipart/ },
      changes(({ body }) => ({
        body: Buffer.from(body.toString().replace(/"md5Hash":"[^"]+"/, `"md5Hash":"${hash('md5', 'else', 'base64')}"`))
      }))
    )
    assert.match((await rejectsWith('STORE_FAILED', store.put('a', bodyOf('one'), {}, never))).message, /MD5/)
    assert.equal(bucket.objects.size, 0)
  })

  test('a store that keeps less than it was given has stored nothing', async t => {
    const { store, proxy } = await stage(t)
    proxy.lie(
      { method: 'GET', times: Infinity },
      changes(({ body }) => ({ body: Buffer.from(body.toString().replace('"size":"3"', '"size":"2"')) }))
    )
    assert.match(
      (await rejectsWith('STORE_FAILED', store.put('a', bodyOf('one'), {}, never))).message,
      /a size of 2 instead of 3/
    )
  })

  test('a put of several chunks that is aborted leaves no upload behind', async t => {
    const { store, proxy } = await stage(t)
    const abort = new AbortController()
    const body = stalledBody(noise(9_000_000))
    const result = store.put('a', body, {}, abort.signal)
    await until(() => proxy.seen.some(({ method }) => method === 'PUT'))
    abort.abort(new Error('enough'))
    await rejection(result)
    assert.equal(gcs.unfinished(), 0)
  })

  test('two uploads of several chunks to one name: one wins, the other finds it taken', async t => {
    const { store } = await stage(t)
    const bodies = [LARGE, OTHER]
    const results = await Promise.allSettled(bodies.map(body => store.put('a', bodyOf(body), {}, never)))
    assert.deepEqual(
      results.flatMap(result => result.status === 'rejected' ? [(result.reason as { code?: string }).code] : []),
      ['OBJECT_EXISTS']
    )
    await holds(store, 'a', bodies[results.findIndex(({ status }) => status === 'fulfilled')] ?? Buffer.alloc(0))
  })
})

describe('gcs: get, list, remove', () => {
  test('a body that breaks off is gone on with from the byte that was reached', async t => {
    const { store, proxy } = await stage(t)
    await store.put('a', bodyOf(MIDDLE), {}, never)
    for (const bytes of [1_000_000, 0, 500_000]) proxy.lie({ method: 'GET', on: /alt=media/ }, cutsAnswer(bytes))
    const read = await buffer(await store.get('a', { start: 10, end: 3_000_000 }, never))
    assert.deepEqual(digestOf(read), digestOf(MIDDLE.subarray(10, 3_000_001)))
  })

  test('a body that breaks off again and again errors, and does not end', async t => {
    const { store, proxy } = await stage(t)
    await store.put('a', bodyOf('0123456789'), {}, never)
    proxy.lie({ method: 'GET', on: /alt=media/, times: Infinity }, cutsAnswer(0))
    assert.match(
      (await rejectsWith('STORE_FAILED', buffer(await store.get('a', undefined, never)))).message,
      /stopped after 0 of 10 bytes/
    )
  })

  test('an object that is replaced while it is read errors, and is not joined to the old one', async t => {
    const { store, proxy } = await stage(t)
    await store.put('a', bodyOf(MIDDLE), {}, never)
    proxy.lie({ method: 'GET', on: /alt=media/ }, cutsAnswer(1_000_000))
    const body = await store.get('a', undefined, never)
    await store.put('a', bodyOf(OTHER.subarray(0, MIDDLE.length)), { replace: true }, never)
    assert.match((await rejectsWith('STORE_FAILED', buffer(body))).message, /was replaced while it was read$/)
  })

  test('a store that says that it removed an object, and keeps it, is found out', async t => {
    const { store, proxy } = await stage(t)
    await store.put('a', bodyOf('one'), {}, never)
    proxy.lie({ method: 'DELETE' }, says(204))
    assert.match((await rejectsWith('STORE_FAILED', store.remove('a', never))).message, /still has it$/)
  })

  test('an object that a policy keeps is OBJECT_LOCKED', async t => {
    const { store, bucket } = await stage(t)
    await store.put('a', bodyOf('one'), {}, never)
    bucket.refusal = { status: 403, reason: 'retentionPolicyNotMet' }
    await rejectsWith('OBJECT_LOCKED', store.remove('a', never))
  })

  test('a list that goes on, and not from where it was, ends with an error', async t => {
    const { store, proxy, bucket } = await stage(t)
    for (const key of ['a', 'b', 'c']) await store.put(key, bodyOf(key), {}, never)
    bucket.pageSize = 1
    proxy.lie(
      { method: 'GET', on: /pageToken/ },
      changes(({ body }) => ({
        body: Buffer.from(
          JSON.stringify({
            ...JSON.parse(body.toString()) as object,
            nextPageToken: Buffer.from('a').toString('base64')
          })
        )
      }))
    )
    await rejectsWith(
      'STORE_FAILED',
      (async () => {
        for await (const { key } of store.list('', never)) assert.ok(key)
      })()
    )
  })

  test('a bucket that is not there is STORE_UNAVAILABLE, and not an object that is missing', async () => {
    const store = gcsStore({
      name: 'gcs',
      bucket: 'none',
      prefix: '',
      keyFile: undefined,
      endpoint: gcs.endpoint,
      clock: new HastyClock()
    })
    for (
      const call of [
        store.open(never),
        store.stat('a', never),
        store.get('a', undefined, never),
        store.put('a', bodyOf('one'), {}, never)
      ]
    ) {
      await rejectsWith('STORE_UNAVAILABLE', call)
    }
  })
})

describe('gcs: what it says of itself', () => {
  test('versions and locks are told as the bucket has them', async t => {
    const { store, bucket } = await stage(t)
    const { clockAhead, ...plain } = await store.features(never)
    assert.deepEqual(plain, { versioning: false, objectLock: false })
    assert.ok(clockAhead !== null && Math.abs(clockAhead) <= 2_000)
    bucket.settings = { versioning: { enabled: true }, objectRetention: { mode: 'Enabled' } }
    assert.deepEqual({ ...await store.features(never), clockAhead: 0 }, {
      versioning: true,
      objectLock: true,
      clockAhead: 0
    })
  })

  test('what the credentials may not ask is not known, and no failure', async t => {
    const { store, proxy } = await stage(t)
    proxy.lie({ method: 'GET', on: /\/b\/[^/]+\?/ }, says(403))
    assert.deepEqual({ ...await store.features(never), clockAhead: 0 }, {
      versioning: null,
      objectLock: null,
      clockAhead: 0
    })
  })

  test('requests carry what the service account of the file has signed, for this kind of store alone', async t => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' }
    })
    const keyFile = join(tempDir(t), 'key.json')
    writeFileSync(
      keyFile,
      JSON.stringify({
        type: 'service_account',
        client_email: 'backups@example.iam.gserviceaccount.com',
        private_key: privateKey
      })
    )
    const proxy = await lyingProxy(t, gcs.endpoint)
    await gcsStore({
      name: 'gcs',
      bucket: gcs.bucket(),
      prefix: '',
      keyFile,
      endpoint: proxy.endpoint,
      clock: new HastyClock()
    }).open(never)
    const [header = '', claims = '', signature = ''] =
      proxy.seen[0]?.headers.authorization?.replace(/^Bearer /, '').split('.') ?? []
    assert.ok(verify('sha256', Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, 'base64url')))
    assert.match(Buffer.from(claims, 'base64url').toString(), /"iss":"backups@example.*devstorage\.read_write"/)
  })

  test('a file with credentials that cannot be read is STORE_UNAVAILABLE with a hint that names the variable', async t => {
    const { proxy } = await stage(t)
    const store = gcsStore({
      name: 'gcs',
      bucket: 'none',
      prefix: '',
      keyFile: '/nowhere/key.json',
      endpoint: proxy.endpoint,
      clock: new HastyClock()
    })
    assert.match(
      (await rejectsWith('STORE_UNAVAILABLE', store.open(never))).hint ?? '',
      /GOOGLE_APPLICATION_CREDENTIALS/
    )
  })
})
