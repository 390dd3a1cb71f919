import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { CreateMultipartUploadCommand, HeadObjectCommand } from '@aws-sdk/client-s3'
import { BackupError } from '../../../src/core/errors.ts'
import type { Store } from '../../../src/core/ports/store.ts'
import {
  changes,
  comesLate,
  dropsRequest,
  isSilent,
  losesAnswer,
  says,
  waitsFor
} from '../../support/stores/lying-proxy.ts'
import { radosgwMissing } from '../../support/stores/radosgw.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { s3Stage } from '../../support/stores/s3-stage.ts'
import { bodyOf, brokenBody, digestOf, never, noise, rejection, stalledBody, until } from '../../support/streams.ts'

const SMALL = noise(200_000)
/** Three parts. */
const LARGE = noise(17_000_000)
const WHOLE = /backups\/a\?x-id=PutObject/
const PART_2 = /partNumber=2/
const COMPLETE = /uploadId=(?!.*x-id=UploadPart)/

async function holds (store: Store, key: string, bytes: Buffer): Promise<void> {
  assert.deepEqual(digestOf(await buffer(await store.get(key, undefined, never))), digestOf(bytes))
}

describe('s3: put', { skip: radosgwMissing() }, () => {
  for (const profile of ['compatible', 'aws'] as const) {
    test(`${profile}: a body of several parts arrives whole, and no upload stays`, async t => {
      const { place, store } = await s3Stage(t, { profile })
      const { size, sha256 } = digestOf(LARGE)
      assert.equal((await store.put('a', bodyOf(LARGE), { size, sha256 }, never)).size, size)
      await holds(store, 'a', LARGE)
      assert.deepEqual(await place.uploads(), [])
      const { Metadata } = await place.client.send(new HeadObjectCommand({ Bucket: place.bucket, Key: 'backups/a' }))
      assert.equal(Metadata?.sha256, sha256)
    })

    for (const [what, body] of [['one part', SMALL], ['several', LARGE]] as const) {
      test(`${profile}: a put of ${what} whose last answer is lost succeeds, and does not take its own object for another`, async t => {
        const { proxy, store } = await s3Stage(t, { profile })
        proxy.lie({ method: body === SMALL ? 'PUT' : 'POST', on: body === SMALL ? WHOLE : COMPLETE }, losesAnswer())
        assert.equal((await store.put('a', bodyOf(body), {}, never)).size, body.length)
        await holds(store, 'a', body)
      })
    }

    test(`${profile}: a large body does not go to a name that is taken`, async t => {
      const { place, proxy, store } = await s3Stage(t, { profile })
      await store.put('a', bodyOf('one'), {}, never)
      await rejectsWith('OBJECT_EXISTS', store.put('a', bodyOf(LARGE), {}, never))
      assert.deepEqual([proxy.seen.some(({ url }) => url.includes('partNumber')), await place.uploads()], [false, []])
      await holds(store, 'a', Buffer.from('one'))
    })
  }

  test('a name that is taken while a large body is on its way stays with who took it', async t => {
    const { place, proxy, store, direct } = await s3Stage(t)
    const go = Promise.withResolvers<undefined>()
    proxy.lie({ method: 'PUT', on: PART_2 }, comesLate(go.promise))
    const late = store.put('a', bodyOf(LARGE), {}, never)
    await until(() => proxy.seen.some(({ url }) => PART_2.test(url)))
    const other = noise(9_000_000, 2)
    await direct.put('a', bodyOf(other), {}, never)
    go.resolve(undefined)
    await rejectsWith('OBJECT_EXISTS', late)
    await holds(store, 'a', other)
    assert.deepEqual(await place.uploads(), [])
  })

  test('a store that is too busy is asked again, each time later', async t => {
    const { proxy, store, clock } = await s3Stage(t)
    proxy.lie({ method: 'PUT', times: 2 }, says(503, { code: 'SlowDown' }))
    await store.put('a', bodyOf(SMALL), {}, never)
    assert.deepEqual(clock.waits, [250, 1_000])
    await holds(store, 'a', SMALL)
  })

  for (const [what, body, on] of [['an object', SMALL, WHOLE], ['a part', LARGE, PART_2]] as const) {
    test(`a store that refuses ${what} for ever is given up after five tries, with nothing left behind`, async t => {
      const { proxy, store, isEmpty } = await s3Stage(t)
      proxy.lie({ method: 'PUT', on, times: Infinity }, says(503, { code: 'SlowDown' }))
      const source = bodyOf(body)
      await rejectsWith('STORE_UNAVAILABLE', store.put('a', source, {}, never))
      assert.deepEqual([
        proxy.seen.filter(({ method, url }) => method === 'PUT' && on.test(url)).length,
        source.destroyed
      ], [5, true])
      await isEmpty()
    })
  }

  test('a part whose connection breaks midway is sent again', async t => {
    const { place, proxy, store } = await s3Stage(t)
    proxy.lie({ method: 'PUT', on: PART_2 }, dropsRequest(1_000_000))
    await store.put('a', bodyOf(LARGE), { size: LARGE.length }, never)
    await holds(store, 'a', LARGE)
    assert.deepEqual(await place.uploads(), [])
  })

  test('a store that takes and never answers fails in a bounded time', async t => {
    const { proxy, store } = await s3Stage(t, { idleTimeout: 100 })
    proxy.lie({ method: 'PUT', times: Infinity }, isSilent())
    await rejectsWith('STORE_UNAVAILABLE', store.put('a', bodyOf(SMALL), {}, never))
    assert.equal(proxy.seen.filter(({ method }) => method === 'PUT').length, 5)
  })

  const WRONG = { etag: `"${'0'.repeat(32)}"` }
  /** In the header, and in the body of the answer that tells of the whole. */
  const wrongEtag = changes(({ headers, body }) =>
    body.length === 0
      ? { headers: { ...headers, ...WRONG } }
      : { body: Buffer.from(String(body).replace(/<ETag>.*<\/ETag>/, `<ETag>${'0'.repeat(32)}-3</ETag>`)) }
  )
  for (
    const [what, body, method, on] of [['an object', SMALL, 'PUT', WHOLE], ['a part', LARGE, 'PUT', PART_2], [
      'the whole of the parts',
      LARGE,
      'POST',
      COMPLETE
    ]] as const
  ) {
    test(`a wrong ETag of ${what} fails the put, with nothing left behind`, async t => {
      const { proxy, store, isEmpty } = await s3Stage(t)
      proxy.lie({ method, on }, wrongEtag)
      const error = await rejectsWith('STORE_FAILED', store.put('a', bodyOf(body), {}, never))
      assert.match(error.message, /^the store reports MD5 /)
      await isEmpty()
    })
  }

  test('a wrong CRC-32 fails the put, with nothing left behind', async t => {
    const { proxy, store, isEmpty } = await s3Stage(t, { profile: 'aws' })
    proxy.lie(
      { method: 'PUT' },
      changes(({ headers }) => ({ headers: { ...headers, 'x-amz-checksum-crc32': 'AAAAAA==' } }))
    )
    assert.match(
      (await rejectsWith('STORE_FAILED', store.put('a', bodyOf(SMALL), {}, never))).message,
      /CRC-32 AAAAAA==/
    )
    await isEmpty()
  })

  test('with keys of a service an ETag is no MD5, and is not taken for one', async t => {
    const { proxy, store } = await s3Stage(t)
    const opaque = changes(({ headers }) => ({
      headers: { ...headers, ...WRONG, 'x-amz-server-side-encryption': 'aws:kms' }
    }))
    proxy.lie({ method: 'PUT' }, opaque)
    proxy.lie({ method: 'HEAD' }, says(404))
    proxy.lie({ method: 'HEAD' }, opaque)
    assert.equal((await store.put('a', bodyOf(SMALL), {}, never)).size, SMALL.length)
  })

  test('an object of another length than was sent fails the put, with nothing left behind', async t => {
    const { proxy, store, isEmpty } = await s3Stage(t)
    proxy.lie({ method: 'HEAD' }, says(404))
    proxy.lie({ method: 'HEAD' }, changes(({ headers }) => ({ headers: { ...headers, 'content-length': '199999' } })))
    assert.match(
      (await rejectsWith('STORE_FAILED', store.put('a', bodyOf(SMALL), {}, never))).message,
      /a size of 199999 for .* instead of 200000$/
    )
    await isEmpty()
  })

  for (const [what, body] of [['one part', SMALL], ['several', LARGE]] as const) {
    test(`a body of ${what} with another digest than was said is CHECKSUM_MISMATCH, with nothing left behind`, async t => {
      const { store, isEmpty } = await s3Stage(t)
      await rejectsWith('CHECKSUM_MISMATCH', store.put('a', bodyOf(body), { sha256: digestOf('other').sha256 }, never))
      await isEmpty()
    })
  }

  test('a body that dies after several parts leaves no upload', async t => {
    const { store, isEmpty } = await s3Stage(t)
    const error = new BackupError('SOURCE_FAILED', 'the source died')
    assert.equal(await rejection(store.put('a', brokenBody(LARGE, error), {}, never)), error)
    await isEmpty()
  })

  test('a large put that is aborted while its body has stalled leaves no upload', async t => {
    const { place, proxy, store, isEmpty } = await s3Stage(t)
    const abort = new AbortController()
    const reason = new BackupError('CANCELLED', 'the job was cancelled')
    const body = stalledBody(LARGE)
    const result = rejection(store.put('a', body, {}, abort.signal))
    await until(() => proxy.seen.some(({ url }) => PART_2.test(url)))
    assert.deepEqual(await place.uploads(), ['backups/a'])
    abort.abort(reason)
    assert.deepEqual([await result, body.destroyed], [reason, true])
    await isEmpty()
  })

  test('a put that is aborted after the store has taken the object, and before it says so, leaves nothing', async t => {
    const { proxy, store, direct, isEmpty } = await s3Stage(t)
    const abort = new AbortController()
    const reason = new BackupError('CANCELLED', 'the job was cancelled')
    proxy.lie({ method: 'PUT' }, waitsFor(Promise.withResolvers().promise))
    const result = rejection(store.put('a', bodyOf(SMALL), {}, abort.signal))
    await until(() => direct.stat('a', never).then(() => true, () => false))
    abort.abort(reason)
    assert.equal(await result, reason)
    await isEmpty()
  })

  test('a store that knows no conditions is asked whether the name is free instead', async t => {
    const { proxy, store } = await s3Stage(t)
    proxy.lie({ method: 'PUT', on: WHOLE }, says(501, { code: 'NotImplemented' }))
    await store.put('a', bodyOf(SMALL), {}, never)
    assert.deepEqual(
      proxy.seen.filter(({ method }) => method === 'PUT').map(({ headers }) => headers['if-none-match']),
      ['*', undefined]
    )
    await rejectsWith('OBJECT_EXISTS', store.put('a', bodyOf('two'), {}, never))
  })

  test('what a killed process left of an upload is gone once the object stands', async t => {
    const { place, store } = await s3Stage(t)
    for (const Key of ['backups/a', 'backups/ab']) {
      await place.client.send(new CreateMultipartUploadCommand({ Bucket: place.bucket, Key }))
    }
    await store.put('a', bodyOf(LARGE), {}, never)
    assert.deepEqual(await place.uploads(), ['backups/ab'])
  })
})
