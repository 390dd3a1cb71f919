import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { changes, cutsAnswer, isStale, losesAnswer, says } from '../../support/stores/lying-proxy.ts'
import { radosgwMissing } from '../../support/stores/radosgw.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { s3Stage } from '../../support/stores/s3-stage.ts'
import { bodyOf, digestOf, never, noise } from '../../support/streams.ts'

const BYTES = noise(3_000_000)

async function keys (listed: AsyncIterable<{ readonly key: string }>): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of listed) found.push(key)
  return found
}

describe('s3: get', { skip: radosgwMissing() }, () => {
  test('a body that breaks off is gone on with from the byte that was reached', async t => {
    const { proxy, store, direct } = await s3Stage(t)
    await direct.put('a', bodyOf(BYTES), {}, never)
    for (const bytes of [1_000_000, 0, 500_000]) proxy.lie({ method: 'GET' }, cutsAnswer(bytes))
    const read = await buffer(await store.get('a', { start: 10, end: 2_999_990 }, never))
    assert.deepEqual(digestOf(read), digestOf(BYTES.subarray(10, 2_999_991)))
    assert.ok(
      proxy.seen.length === 4 &&
        proxy.seen.slice(1).every(({ headers }) =>
          /^bytes=\d+-2999990$/.test(headers.range ?? '') && headers['if-match'] !== undefined
        )
    )
  })

  test('a body that breaks off again and again errors, and does not end', async t => {
    const { proxy, store, direct } = await s3Stage(t)
    await direct.put('a', bodyOf(BYTES), {}, never)
    proxy.lie({ method: 'GET' }, cutsAnswer(1_000_000))
    proxy.lie({ method: 'GET', times: Infinity }, cutsAnswer(0))
    await rejectsWith('STORE_FAILED', buffer(await store.get('a', undefined, never)))
    assert.equal(proxy.seen.length, 5)
  })

  test('an object that is replaced while it is read errors, and is not joined to the old one', async t => {
    const { proxy, store, direct } = await s3Stage(t)
    await direct.put('a', bodyOf(BYTES), {}, never)
    proxy.lie({ method: 'GET' }, cutsAnswer(1_000_000))
    const body = await store.get('a', undefined, never)
    await direct.put('a', bodyOf(noise(3_000_000, 2)), { replace: true }, never)
    assert.match((await rejectsWith('STORE_FAILED', buffer(body))).message, /was replaced while it was read$/)
  })

  test('a store that knows no ranges is an error, and gives no wrong bytes', async t => {
    const { proxy, store, direct } = await s3Stage(t)
    await direct.put('a', bodyOf('0123456789'), {}, never)
    proxy.lie(
      { method: 'GET' },
      changes(({ headers: { 'content-range': _, ...headers } }) => ({ status: 200, headers }))
    )
    await rejectsWith('STORE_FAILED', store.get('a', { start: 2, end: 5 }, never))
  })

  test('a range beyond the end is RANGE_NOT_SATISFIABLE', async t => {
    const { store } = await s3Stage(t)
    await store.put('a', bodyOf('0123456789'), {}, never)
    await rejectsWith('RANGE_NOT_SATISFIABLE', store.get('a', { start: 10, end: 12 }, never))
  })

  test('an object in cold storage is OBJECT_ARCHIVED and says how long it takes, until it is thawed', async t => {
    const { proxy, store, direct } = await s3Stage(t)
    await direct.put('a', bodyOf('one'), {}, never)
    const inClass = (headers: Record<string, string>) =>
      changes(answer => ({ headers: { ...answer.headers, ...headers } }))
    const cold = { 'x-amz-storage-class': 'DEEP_ARCHIVE' }
    const asked = { ...cold, 'x-amz-restore': 'ongoing-request="true"' }
    proxy.lie({ method: 'GET' }, says(403, { code: 'InvalidObjectState' }))
    proxy.lie({ method: 'HEAD', times: 3 }, inClass(cold))
    const error = await rejectsWith('OBJECT_ARCHIVED', store.get('a', undefined, never))
    assert.match(
      `${error.message}: ${error.hint ?? ''}`,
      /"DEEP_ARCHIVE" .*: Request a thaw: the object is then readable within 12 hours\.$/
    )
    assert.deepEqual((await store.stat('a', never)).archived, {
      storageClass: 'DEEP_ARCHIVE',
      isThawing: false,
      hours: 12
    })

    proxy.lie({ method: 'POST' }, says(409, { code: 'RestoreAlreadyInProgress' }))
    await store.thaw?.('a', 3, never)
    proxy.lie({ method: 'HEAD', times: 3 }, inClass(asked))
    assert.deepEqual((await store.stat('a', never)).archived, {
      storageClass: 'DEEP_ARCHIVE',
      isThawing: true,
      hours: 12
    })
    proxy.lie({ method: 'GET' }, says(403, { code: 'InvalidObjectState' }))
    assert.match(
      (await rejectsWith('OBJECT_ARCHIVED', store.get('a', undefined, never))).hint ?? '',
      /^A thaw was requested/
    )
    await store.thaw?.('a', 3, never)
    assert.equal(proxy.seen.filter(({ method, url }) => method === 'POST' && url.includes('restore')).length, 1)

    proxy.lie(
      { method: 'HEAD' },
      inClass({ ...cold, 'x-amz-restore': 'ongoing-request="false", expiry-date="Fri, 21 Dec 2040 00:00:00 GMT"' })
    )
    assert.equal((await store.stat('a', never)).archived, undefined)
  })

  test('a class that can be read at once is not cold', async t => {
    const { proxy, store, direct } = await s3Stage(t)
    await direct.put('a', bodyOf('one'), {}, never)
    proxy.lie(
      { method: 'HEAD' },
      changes(({ headers }) => ({ headers: { ...headers, 'x-amz-storage-class': 'GLACIER_IR' } }))
    )
    assert.equal((await store.stat('a', never)).archived, undefined)
  })
})

const page = (names: readonly string[], next?: string): string =>
  `<?xml version="1.0"?><ListBucketResult><IsTruncated>${String(next !== undefined)}</IsTruncated>${
    next === undefined ? '' : `<NextContinuationToken>${next}</NextContinuationToken>`
  }${
    names.map(name =>
      `<Contents><Key>backups/${name}</Key><Size>3</Size><LastModified>2026-11-21T12:00:00.250Z</LastModified><StorageClass>GLACIER</StorageClass></Contents>`
    ).join('')
  }</ListBucketResult>`

describe('s3: list', { skip: radosgwMissing() }, () => {
  test('goes on from page to page, and leaves out what marks a folder', async t => {
    const { proxy, store } = await s3Stage(t)
    proxy.lie({ method: 'GET', on: /list-type=2&prefix=backups%2F$/ }, says(200, { body: page(['', 'a', 'b'], 't1') }))
    proxy.lie({ method: 'GET', on: /continuation-token=t1/ }, says(200, { body: page(['c/', 'c/d']) }))
    const found = []
    for await (const object of store.list('', never)) found.push(object)
    assert.deepEqual(found.map(({ key }) => key), ['a', 'b', 'c/d'])
    assert.deepEqual(found[0], {
      key: 'a',
      size: 3,
      modifiedAt: new Date('2026-11-21T12:00:00Z'),
      archived: { storageClass: 'GLACIER', isThawing: false, hours: 5 }
    })
  })

  test('a list that begins again, or says that it goes on and not where, is an error and no short list', async t => {
    const { proxy, store } = await s3Stage(t)
    proxy.lie({ method: 'GET', times: 2 }, says(200, { body: page(['a'], 't1') }))
    await rejectsWith('STORE_FAILED', keys(store.list('', never)))
    proxy.lie({ method: 'GET' }, says(200, { body: page(['a'], 't1').replace(/<Next.*Token>/, '') }))
    await rejectsWith('STORE_FAILED', keys(store.list('', never)))
  })

  test('what a stale list still tells is found to be gone by stat', async t => {
    const { proxy, store } = await s3Stage(t)
    await store.put('a', bodyOf('one'), {}, never)
    proxy.lie({ method: 'GET', on: /list-type=2/, times: 2 }, isStale())
    assert.deepEqual(await keys(store.list('', never)), ['a'])
    await store.remove('a', never)
    assert.deepEqual(await keys(store.list('', never)), ['a'])
    await rejectsWith('OBJECT_NOT_FOUND', store.stat('a', never))
  })
})

describe('s3: remove', { skip: radosgwMissing() }, () => {
  test('a store that says that it removed an object, and keeps it, is found out', async t => {
    const { proxy, store, clock } = await s3Stage(t)
    await store.put('a', bodyOf('one'), {}, never)
    proxy.lie({ method: 'DELETE' }, says(204))
    assert.match(
      (await rejectsWith('STORE_FAILED', store.remove('a', never))).message,
      /reports that it removed "a", but still has it$/
    )
    assert.deepEqual(clock.waits, [500, 2_000])
    assert.deepEqual(await keys(store.list('', never)), ['a'])
    await store.remove('a', never)
    assert.deepEqual(await keys(store.list('', never)), [])
  })

  test('a removal that takes a moment to show is given it', async t => {
    const { proxy, store } = await s3Stage(t)
    await store.put('a', bodyOf('one'), {}, never)
    proxy.lie({ method: 'HEAD', times: 2 }, isStale())
    await store.remove('a', never)
  })

  test('a removal whose answer is lost is made again', async t => {
    const { proxy, store } = await s3Stage(t)
    await store.put('a', bodyOf('one'), {}, never)
    proxy.lie({ method: 'DELETE' }, losesAnswer())
    await store.remove('a', never)
    assert.equal(proxy.seen.filter(({ method }) => method === 'DELETE').length, 2)
  })
})
