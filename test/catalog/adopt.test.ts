import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed, localCopy, manifestOf, newBackup, newCatalog, START } from '../support/catalog.ts'

const AT = new Date('2025-11-25T08:00:00.000Z')
const PLACE = { key: 'shop.db', filePath: '/backups/shop.db', trashedAt: null, copies: [localCopy('/backups/shop.db')] }

test('a backup is taken over from its manifest with the id it had', async t => {
  const { catalog } = await newCatalog(t)
  const manifest = manifestOf({ id: 42, type: 'scheduled', schedule: 'daily', description: 'nightly', compression: 'zstd' }, { pinned: true, verifiedAt: AT.toISOString() })
  const backup = await catalog.backups.adopt(manifest, PLACE)
  assert.deepEqual([backup.id, backup.status, backup.type, backup.schedule, backup.description, backup.pinned], [42, 'completed', 'scheduled', 'daily', 'nightly', true])
  assert.deepEqual([backup.key, backup.filePath, backup.compression, backup.startedAt, backup.size, backup.checksum], ['shop.db', '/backups/shop.db', 'zstd', START, 1000, 'a'.repeat(64)])
  assert.deepEqual(backup.verification, { status: 'valid', checkedAt: AT, checks: [] })
  assert.deepEqual(backup.copies, PLACE.copies)
  assert.deepEqual(backup.facts, manifest.facts)
  assert.deepEqual(await catalog.backups.manifest(42), manifest)
})

test('ids go on above the highest that was taken over', async t => {
  const { catalog } = await newCatalog(t)
  await catalog.backups.adopt(manifestOf({ id: 42 }), PLACE)
  assert.equal((await catalog.backups.start(newBackup())).id, 43)
})

test('a manifest that was never verified makes an unverified backup', async t => {
  const { catalog } = await newCatalog(t)
  const backup = await catalog.backups.adopt(manifestOf({ id: 1 }), PLACE)
  assert.deepEqual(backup.verification, { status: 'unverified', checkedAt: null, checks: [] })
})

test('a manifest whose id is taken gets a new one', async t => {
  const { catalog } = await newCatalog(t)
  const first = await completed(catalog)
  const backup = await catalog.backups.adopt(manifestOf({ id: first.id, source: 'other' }), PLACE)
  assert.deepEqual([backup.id, backup.source], [first.id + 1, 'other'])
  assert.equal((await catalog.backups.get(first.id)).source, 'shop')
})

test('taking over the same object again changes nothing', async t => {
  const { catalog } = await newCatalog(t)
  const backup = await catalog.backups.adopt(manifestOf({ id: 7 }), PLACE)
  const again = await catalog.backups.adopt(manifestOf({ id: 8, description: 'another' }), PLACE)
  assert.deepEqual(again, backup)
  assert.equal((await catalog.backups.list({ limit: 10 })).count, 1)
})

test('the same key of another source is another backup', async t => {
  const { catalog } = await newCatalog(t)
  await catalog.backups.adopt(manifestOf({ id: 7 }), PLACE)
  assert.equal((await catalog.backups.adopt(manifestOf({ id: 8, source: 'other' }), PLACE)).id, 8)
})

test('an object found in the trash is taken over into the trash', async t => {
  const { catalog } = await newCatalog(t)
  await catalog.backups.adopt(manifestOf({ id: 7 }), { ...PLACE, trashedAt: AT })
  assert.deepEqual((await catalog.backups.trashed()).map(backup => backup.trashedAt), [AT])
})
