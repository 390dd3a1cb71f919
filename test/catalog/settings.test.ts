import assert from 'node:assert/strict'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { newCatalog, open } from '../support/catalog/catalog.ts'
import { rejectsWith } from '../support/rejects.ts'

const AT = new Date('2025-11-25T08:00:00.000Z')

test('a new catalog has no settings of its own', async t => {
  const { catalog } = await newCatalog(t)
  assert.deepEqual(await catalog.settings.load(), {})
})

test('what was saved is loaded, the later over the earlier, also after a restart', async t => {
  const { catalog, path } = await newCatalog(t)
  await catalog.settings.save({ maxBackups: 5, compression: 'zstd' }, AT)
  await catalog.settings.save({ maxBackups: 7, autoBackupEnabled: false }, AT)
  const expected = { maxBackups: 7, compression: 'zstd', autoBackupEnabled: false }
  assert.deepEqual(await catalog.settings.load(), expected)
  await catalog.close()
  const again = await open(path)
  t.after(() => again.close())
  assert.deepEqual(await again.settings.load(), expected)
})

test('a setting that this version does not know is passed over', async t => {
  const { catalog, path } = await newCatalog(t)
  edit(path, 'theme', '"dark"')
  edit(path, 'maxBackups', '3')
  assert.deepEqual(await catalog.settings.load(), { maxBackups: 3 })
})

test('a setting with a value that must not be is CONFIG_INVALID and named', async t => {
  const { catalog, path } = await newCatalog(t)
  edit(path, 'maxBackups', '-1')
  const error = await rejectsWith('CONFIG_INVALID', catalog.settings.load())
  assert.match(error.message, /"maxBackups"/)
  assert.match(error.hint ?? '', /"maxBackups"/)
})

test('a setting that is not JSON is CATALOG_CORRUPT', async t => {
  const { catalog, path } = await newCatalog(t)
  edit(path, 'maxBackups', 'many')
  await rejectsWith('CATALOG_CORRUPT', catalog.settings.load())
})

test('a catalog has one instance id for ever, and every catalog its own', async t => {
  const { catalog, path } = await newCatalog(t)
  const id = await catalog.settings.instanceId()
  assert.match(id, /^[0-9a-f-]{36}$/)
  assert.equal(await catalog.settings.instanceId(), id)
  await catalog.close()
  const again = await open(path)
  t.after(() => again.close())
  assert.equal(await again.settings.instanceId(), id)
  assert.deepEqual(await again.settings.load(), {})
  assert.notEqual(await (await newCatalog(t)).catalog.settings.instanceId(), id)
})

function edit (path: string, key: string, value: string): void {
  const database = new Database(path)
  database.prepare('INSERT INTO settings VALUES (?, ?, ?)').run(key, value, '')
  database.close()
}
