import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed, manifestOf, newBackup } from '../support/catalog/catalog.ts'
import { observe } from '../support/monitoring/observation.ts'

test('a method that was used is counted on its own', async t => {
  const { catalog, value } = await observe(t)
  await completed(catalog, { method: 'incremental' })
  assert.equal(await value('backup_total_count{backup_type="incremental",source="shop"}'), 1)
  assert.equal(await value('backup_total_count{backup_type="wal",source="shop"}'), undefined)
})

test('the newest backup of a source is read again only once its figures have changed', async t => {
  const { catalog, value } = await observe(t, ['shop', 'books'])
  await completed(catalog, { source: 'shop', key: 'one' })
  await completed(catalog, { source: 'books', key: 'two' })
  const size = 'backup_size_bytes{backup_type="full",compression="none",source="books"}'
  assert.equal(await value(size), 1000)
  let asked: unknown[] = []
  const list = catalog.backups.list.bind(catalog.backups)
  catalog.backups.list = query => {
    asked.push(query.source)
    return list(query)
  }
  await completed(catalog, { source: 'shop', key: 'three' })
  await value(size)
  assert.deepEqual([...new Set(asked)], ['shop'])
  asked = []
  await value(size)
  assert.deepEqual(asked, [])
})

test('an imported backup of an older state is not taken for the newest one', async t => {
  const { catalog, value } = await observe(t)
  await completed(catalog, { key: 'new' })
  const old = new Date('2025-01-01T00:00:00.000Z')
  const { id } = await catalog.backups.start(newBackup({ key: 'old', startedAt: old }))
  const object = { name: 'old', size: 7, sha256: 'a'.repeat(64) }
  await catalog.backups.complete(id, {
    manifest: manifestOf(await catalog.backups.get(id), { object }),
    filePath: '/backups/old',
    verification: null,
    copies: []
  })
  assert.equal(await value('backup_size_bytes{backup_type="full",compression="none",source="shop"}'), 1000)
})
