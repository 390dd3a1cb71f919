import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CreateMultipartUploadCommand, HeadObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import { Secret } from '../../../src/core/secret.ts'
import type { Tier } from '../../../src/core/tier.ts'
import { s3Store } from '../../../src/stores/s3/s3.ts'
import { changes, says } from '../../support/stores/lying-proxy.ts'
import { radosgwMissing } from '../../support/stores/radosgw.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { s3Place } from '../../support/stores/s3.ts'
import { s3Stage } from '../../support/stores/s3-stage.ts'
import { bodyOf, never } from '../../support/streams.ts'

const DAY = 86_400_000

describe('s3: open', { skip: radosgwMissing() }, () => {
  test('leaves nothing in the bucket', async t => {
    const { store, isEmpty } = await s3Stage(t)
    await store.open(never)
    await isEmpty()
  })

  test('gives up uploads of ours below the prefix that were begun a day ago by the clock of the store, and no others', async t => {
    const { place, proxy, store } = await s3Stage(t)
    const [ours, tried] = ['backups/shop-backup-2026-01-02T03-04-05.db.zst', 'backups/.holdfast-5f0c']
    for (const Key of [ours, tried, 'backups/a', 'others/shop-backup-2026-01-02T03-04-05.db']) {
      await place.client.send(new CreateMultipartUploadCommand({ Bucket: place.bucket, Key }))
    }
    const later = (ms: number) =>
      changes(({ headers }) => ({ headers: { ...headers, date: new Date(Date.now() + ms).toUTCString() } }))
    proxy.lie({ method: 'GET', on: /list-type=2/ }, later(DAY - 60_000))
    await store.open(never)
    assert.deepEqual(await place.uploads(), [tried, 'backups/a', ours, 'others/shop-backup-2026-01-02T03-04-05.db'])
    proxy.lie({ method: 'GET', on: /list-type=2/ }, later(DAY + 60_000))
    await store.open(never)
    assert.deepEqual(await place.uploads(), ['backups/a', 'others/shop-backup-2026-01-02T03-04-05.db'])
  })

  test('a store that cannot list uploads opens all the same', async t => {
    const { proxy, store } = await s3Stage(t)
    proxy.lie({ method: 'GET', on: /uploads/ }, says(501, { code: 'NotImplemented' }))
    await store.open(never)
  })

  const refusals = [
    ['does not exist', { bucket: 'not-there' }],
    ['rejected the credentials', {
      credentials: { accessKeyId: 'NOBODY', secretAccessKey: new Secret('wrong') }
    }],
    ['cannot be reached', { endpoint: 'http://127.0.0.1:1' }],
    ['cannot be resolved', { endpoint: 'http://not-there.invalid' }]
  ] as const
  for (const [words, options] of refusals) {
    test(`a store that ${words} is STORE_UNAVAILABLE, and says what to do`, async () => {
      const place = await s3Place()
      const store = s3Store(place.options(options))
      const { message, hint } = await rejectsWith('STORE_UNAVAILABLE', store.open(never))
      assert.ok(message.includes(words) && hint !== undefined, message)
      assert.ok(!`${message}${hint}`.includes('wrong'))
    })
  }

  for (
    const [code, status, words] of [
      ['AccessDenied', 403, 'denies access'],
      ['PermanentRedirect', 301, 'is in another region'],
      ['RequestTimeTooSkewed', 403, 'reports a different time'],
      ['QuotaExceeded', 403, 'has no space left']
    ] as const
  ) {
    test(`${code} says that the store ${words}`, async t => {
      const { proxy, store } = await s3Stage(t)
      proxy.lie({ method: 'GET', times: Infinity }, says(status, { code }))
      const error = await rejectsWith(code === 'QuotaExceeded' ? 'DISK_FULL' : 'STORE_UNAVAILABLE', store.open(never))
      assert.ok(error.message.includes(words), error.message)
    })
  }
})

describe('s3: a bucket and what it can do', { skip: radosgwMissing() }, () => {
  test('what the bucket says of itself', async t => {
    const plain = await (await s3Stage(t)).store.features(never)
    assert.deepEqual([plain.versioning, plain.objectLock], [false, false])
    assert.ok(plain.clockAhead !== null && Math.abs(plain.clockAhead) <= 2_000)
    const { store } = await s3Stage(t, {}, { hasLock: true })
    const { versioning, objectLock } = await store.features(never)
    assert.deepEqual([versioning, objectLock], [true, true])
  })

  test('what may not be asked, or is not known, is null', async t => {
    const { proxy, store } = await s3Stage(t)
    proxy.lie({ method: 'GET', on: /versioning|object-lock/, times: 2 }, says(403, { code: 'AccessDenied' }))
    const { versioning, objectLock } = await store.features(never)
    assert.deepEqual([versioning, objectLock], [null, null])
  })

  test('where versions are kept, an object is gone once it is hidden, and its name may be taken again', async t => {
    const { place, store } = await s3Stage(t, {}, { hasVersions: true })
    await store.put('a', bodyOf('one'), {}, never)
    for (let time = 0; time < 2; time++) await store.remove('a', never)
    await rejectsWith('OBJECT_NOT_FOUND', store.stat('a', never))
    const { Versions = [], DeleteMarkers = [] } = await place.client.send(
      new ListObjectVersionsCommand({ Bucket: place.bucket })
    )
    assert.deepEqual([Versions.length, DeleteMarkers.length], [1, 1])
    await store.put('a', bodyOf('two'), {}, never)
  })

  for (const profile of ['compatible', 'aws'] as const) {
    test(`${profile}: a locked object says until when, and is neither removed nor hidden`, async t => {
      const { store, direct } = await s3Stage(t, { profile, lock: 'governance' }, { hasLock: true })
      const retainUntil = new Date(Math.floor(Date.now() / 1_000) * 1_000 + DAY)
      await store.put('a', bodyOf('one'), { retainUntil }, never)
      await store.put('manifest', bodyOf('two'), {}, never)
      const error = await rejectsWith('OBJECT_LOCKED', store.remove('a', never))
      assert.deepEqual([error.details, error.message.endsWith(`is locked until ${retainUntil.toISOString()}`)], [{
        until: retainUntil.toISOString()
      }, true])
      assert.equal((await direct.stat('a', never)).size, 3)
      await store.remove('manifest', never)
    })
  }

  test('an object goes into the storage class of its tier, and a manifest into none', async t => {
    const { place, store } = await s3Stage(t, { storageClasses: { yearly: 'COLD', default: 'COLD' } })
    const classOf = async (key: string, facts: { readonly tier?: Tier | null }): Promise<string> => {
      await store.put(key, bodyOf('one'), facts, never)
      return (await place.client.send(new HeadObjectCommand({ Bucket: place.bucket, Key: `backups/${key}` })))
        .StorageClass ?? 'STANDARD'
    }
    assert.deepEqual([
      await classOf('a', { tier: 'yearly' }),
      await classOf('b', { tier: null }),
      await classOf('c', {})
    ], ['COLD', 'COLD', 'STANDARD'])
  })
})
