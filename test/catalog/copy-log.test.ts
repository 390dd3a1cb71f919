import assert from 'node:assert/strict'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import type { BackupError } from '../../src/core/errors.ts'
import { completed, END, localCopy, manifestOf, newCatalog } from '../support/catalog/catalog.ts'
import { rejectsWith } from '../support/rejects.ts'

const LATER = new Date('2025-11-25T08:00:00.000Z')
const FAILURE = {
  code: 'STORE_UNAVAILABLE' satisfies BackupError['code'],
  message: 'it is down',
  at: LATER,
  nextAttemptAt: new Date('2025-11-25T09:00:00.000Z')
} as const
const FAR = { store: 'far', location: 's3://bucket/x' }

test('a promise is made once, and a copy that is there is not promised again', async t => {
  const { catalog } = await newCatalog(t)
  const { id } = await completed(catalog)
  await catalog.copies.promise(id, [FAR], END)
  await catalog.copies.begin(id, 'far')
  await catalog.copies.stored(id, 'far', { size: 7, location: 's3://bucket/y', at: LATER })
  await catalog.copies.promise(id, [FAR], LATER)
  assert.deepEqual(
    (await catalog.backups.get(id)).copies[0],
    localCopy('s3://bucket/y', { store: 'far', size: 7, uploadedAt: LATER })
  )
})

test('work is what has to be uploaded, newest first, then manifests, then removals, of backups that are there', async t => {
  const { catalog } = await newCatalog(t)
  const ids: number[] = []
  for (let n = 0; n < 6; n++) {
    const { id } = await completed(catalog)
    await catalog.copies.promise(id, [FAR], END)
    ids.push(id)
  }
  const [stored, edited, retired, failed, trashed, gone] = ids as [number, number, number, number, number, number]
  for (const id of [stored, edited, retired, gone]) {
    await catalog.copies.stored(id, 'far', { size: 7, location: 'x', at: LATER })
  }
  await catalog.copies.manifestChanged(edited, ['local'])
  await catalog.copies.retire(retired, 'far')
  await catalog.copies.begin(failed, 'far')
  await catalog.copies.fail(failed, 'far', FAILURE)
  await catalog.backups.trash(trashed, 'trash/x', 'x', LATER)
  await catalog.backups.remove(gone, LATER, ['far'])
  const last = await completed(catalog)
  await catalog.copies.promise(last.id, [FAR], END)
  const work = await catalog.copies.work('far')
  assert.deepEqual(work.map(({ backupId, status }) => [backupId, status]), [
    [last.id, 'pending'],
    [failed, 'failed'],
    [edited, 'stored'],
    [gone, 'removing'],
    [retired, 'removing']
  ])
  assert.deepEqual([work[1]?.attempts, work[1]?.nextAttemptAt], [1, FAILURE.nextAttemptAt])
  assert.deepEqual(await catalog.copies.work('near'), [])
})

test('what was promised and never begun need not be removed from the stores of a backup that goes', async t => {
  const { catalog } = await newCatalog(t)
  const { id } = await completed(catalog)
  await catalog.copies.promise(id, [FAR, { store: 'near', location: 'n' }], END)
  await catalog.copies.begin(id, 'near')
  assert.deepEqual(
    (await catalog.backups.remove(id, LATER, ['far', 'near'])).copies.map(({ store, status }) => [store, status]),
    [['near', 'removing']]
  )
})

test('a copy that arrives after its backup went away is to be removed', async t => {
  const { catalog } = await newCatalog(t)
  const { id } = await completed(catalog)
  await catalog.copies.promise(id, [FAR], END)
  await catalog.copies.begin(id, 'far')
  await catalog.backups.remove(id, LATER, ['far'])
  await catalog.copies.stored(id, 'far', { size: 7, location: 'x', at: LATER })
  assert.deepEqual((await catalog.copies.work('far')).map(({ status }) => status), ['removing'])
})

test('a removal that failed is still a removal', async t => {
  const { catalog } = await newCatalog(t)
  const { id } = await completed(catalog)
  await catalog.copies.promise(id, [FAR], END)
  await catalog.copies.retire(id, 'far')
  await catalog.copies.fail(id, 'far', FAILURE)
  assert.deepEqual((await catalog.copies.work('far')).map(({ status, attempts }) => [status, attempts]), [[
    'removing',
    1
  ]])
  await catalog.copies.drop(id, 'far')
  assert.deepEqual(await catalog.copies.work('far'), [])
})

test('what is missing waits again, and only what was stored can be missing', async t => {
  const { catalog } = await newCatalog(t)
  const { id } = await completed(catalog)
  await catalog.copies.promise(id, [FAR], END)
  await rejectsWith('BACKUP_NOT_FOUND', catalog.copies.missing(id, 'far', 'gone', LATER))
  await catalog.copies.stored(id, 'far', { size: 7, location: 'x', at: END })
  assert.deepEqual(await catalog.copies.held('far'), [{
    backupId: id,
    source: 'shop',
    parts: [],
    key: (await catalog.backups.get(id)).key,
    size: 7
  }])
  await catalog.copies.missing(id, 'far', 'it is gone', LATER)
  assert.deepEqual(await catalog.copies.held('far'), [])
  assert.deepEqual(await catalog.copies.waiting(), [{
    source: 'shop',
    store: 'far',
    count: 1,
    since: LATER,
    failure: { code: 'OBJECT_NOT_FOUND', message: 'it is gone' }
  }])
})

test('waiting tells for each source and store how many, since when, and what went wrong last', async t => {
  const { catalog } = await newCatalog(t)
  const [first, second] = [await completed(catalog), await completed(catalog, { source: 'bank' })]
  for (const { id } of [first, second]) await catalog.copies.promise(id, [FAR], END)
  await catalog.copies.begin(second.id, 'far')
  await catalog.copies.fail(second.id, 'far', FAILURE)
  assert.deepEqual(await catalog.copies.waiting(), [
    {
      source: 'bank',
      store: 'far',
      count: 1,
      since: END,
      failure: { code: 'STORE_UNAVAILABLE', message: 'it is down' }
    },
    { source: 'shop', store: 'far', count: 1, since: END, failure: null }
  ])
})

test('counts tell of each store what it holds and what it waits for', async t => {
  const { catalog } = await newCatalog(t)
  const { id } = await completed(catalog)
  await catalog.copies.promise(id, [FAR], END)
  assert.deepEqual(await catalog.copies.counts(), [{ store: 'far', stored: 0, bytes: 0, waiting: 1 }, {
    store: 'local',
    stored: 1,
    bytes: 1000,
    waiting: 0
  }])
})

test('copies that nobody has under way any more wait again', async t => {
  const { catalog } = await newCatalog(t)
  const [held, lost] = [await completed(catalog), await completed(catalog)]
  for (const { id } of [held, lost]) {
    await catalog.copies.promise(id, [FAR], END)
    await catalog.copies.begin(id, 'far')
  }
  await catalog.copies.interrupt(id => id === held.id)
  assert.deepEqual((await catalog.copies.work('far')).map(({ backupId, status }) => [backupId, status]), [[
    lost.id,
    'pending'
  ], [held.id, 'uploading']])
})

test('a list of what one store holds counts only that', async t => {
  const { catalog } = await newCatalog(t)
  const [first] = [await completed(catalog), await completed(catalog)]
  await catalog.copies.promise(first.id, [FAR], END)
  assert.equal((await catalog.backups.list({ store: 'far', limit: 10 })).count, 0)
  await catalog.copies.stored(first.id, 'far', { size: 7, location: 'x', at: END })
  const page = await catalog.backups.list({ store: 'far', limit: 10 })
  assert.deepEqual([page.count, page.backups.map(({ id }) => id)], [1, [first.id]])
})

test('what is counted of a store is what its rows tell, whatever became of the copies', async t => {
  const { catalog, path } = await newCatalog(t)
  const ids: number[] = []
  for (let n = 0; n < 8; n++) {
    const { id } = await completed(catalog)
    await catalog.copies.promise(id, [FAR, { store: 'near', location: 'n' }], END)
    for (const store of ['far', 'near']) {
      await catalog.copies.stored(id, store, { size: 7 + n, location: 'x', at: LATER })
    }
    ids.push(id)
  }
  const [again, missing, retired, dropped, gone, released, trashed] = ids as [
    number,
    number,
    number,
    number,
    number,
    number,
    number
  ]
  await catalog.copies.stored(again, 'far', { size: 70, location: 'x', at: LATER })
  await catalog.copies.missing(missing, 'far', 'it is gone', LATER)
  await catalog.copies.retire(retired, 'near')
  await catalog.copies.drop(dropped, 'far')
  await catalog.backups.remove(gone, LATER, ['far'])
  await catalog.backups.evict(released, 'local', 's3://bucket/x')
  await catalog.backups.trash(trashed, 'trash/x', 'x', LATER)
  await catalog.externalStores.remember({ name: 'near', url: 'file:///near', since: END }, [])
  const database = new Database(path, { readonly: true })
  t.after(() => {
    database.close()
  })
  const counted = database.prepare(`
    SELECT store, count(*) FILTER (WHERE status = 'stored') AS stored, coalesce(sum(size_bytes) FILTER (WHERE status = 'stored'), 0) AS bytes,
      count(*) FILTER (WHERE status IN ('pending', 'uploading', 'failed', 'missing')) AS waiting FROM copies GROUP BY store ORDER BY store`)
  assert.deepEqual(await catalog.copies.counts(), counted.all())
  await catalog.externalStores.handOver('near', 'far')
  const [far, ...others] = await catalog.copies.counts()
  assert.deepEqual([far, ...others.filter(({ stored, waiting }) => stored > 0 || waiting > 0)], counted.all())
})

test('copies of other installations count for no store', async t => {
  const { catalog } = await newCatalog(t)
  const { id } = await completed(catalog)
  const other = manifestOf({ id: 77, source: 'shop' })
  await catalog.backups.adopt(other, {
    key: 'other.db',
    hasLanded: true,
    foreignInstance: 'b',
    trashedAt: null,
    neverDeleted: false,
    copy: localCopy('/backups/other.db')
  })
  assert.deepEqual(await catalog.copies.counts(), [{ store: 'local', stored: 1, bytes: 1000, waiting: 0 }])
  assert.deepEqual((await catalog.copies.held('local')).map(({ backupId }) => backupId), [id])
})

test('the last failure of a source in a store is that whose next attempt is the latest', async t => {
  const { catalog } = await newCatalog(t)
  for (const [message, next] of [['first', 9], ['last', 11], ['second', 10]] as const) {
    const { id } = await completed(catalog)
    await catalog.copies.promise(id, [FAR], END)
    await catalog.copies.begin(id, 'far')
    await catalog.copies.fail(id, 'far', { ...FAILURE, message, nextAttemptAt: new Date(Date.UTC(2025, 10, 25, next)) })
  }
  assert.deepEqual((await catalog.copies.waiting()).map(({ count, failure }) => [count, failure?.message]), [[
    3,
    'last'
  ]])
})
