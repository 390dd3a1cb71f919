import assert from 'node:assert/strict'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { outlinesIn } from '../../src/catalog/outlines.ts'
import { completed, END, failed, localCopy, newBackup, newCatalog } from '../support/catalog/catalog.ts'

test('an outline is what the whole backup is, in fewer fields, with the stores that have it', async t => {
  const { catalog, path } = await newCatalog(t)
  const backup = await completed(catalog, { schedule: 'daily' }, {
    copies: [
      localCopy('a'),
      localCopy('b', { store: 'far' }),
      localCopy('c', { store: 'late', status: 'pending', size: null })
    ]
  })
  const database = new Database(path)
  t.after(() => database.close())
  const [outline] = outlinesIn(database)('shop')
  const { stores, verification, suspicion, ...same } = outline!
  assert.deepEqual([stores.toSorted(), verification, suspicion], [['far', 'local'], { status: 'unverified' }, null])
  assert.partialDeepStrictEqual(backup, same)
})

test('outlines are of one source, newest first, without what failed, runs or is gone', async t => {
  const { catalog, path } = await newCatalog(t)
  await completed(catalog)
  await completed(catalog, { source: 'bank' })
  await failed(catalog, { key: 'shop-2.db' })
  const gone = await completed(catalog, { key: 'shop-3.db' })
  await catalog.backups.remove(gone.id, END, [])
  await completed(catalog, { key: 'shop-4.db' })
  await catalog.backups.start(newBackup({ key: 'shop-5.db' }))
  const database = new Database(path)
  t.after(() => database.close())
  assert.deepEqual(outlinesIn(database)('shop').map(({ id }) => id), [5, 1])
})
