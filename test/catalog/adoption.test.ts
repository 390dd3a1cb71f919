import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Found } from '../../src/core/backup/adoption.ts'
import { completed, localCopy, manifestOf, newBackup, newCatalog, START } from '../support/catalog/catalog.ts'
import { rejectsWith } from '../support/rejects.ts'

const AT = new Date('2025-11-25T08:00:00.000Z')
const PLACE: Found = {
  key: 'shop.db',
  copy: localCopy('/backups/shop.db'),
  hasLanded: true,
  trashedAt: null,
  neverDeleted: false,
  foreignInstance: null
}

test('a backup is taken over from its manifest with the id it had', async t => {
  const { catalog } = await newCatalog(t)
  const manifest = manifestOf({
    id: 42,
    type: 'scheduled',
    schedule: 'daily',
    description: 'nightly',
    compression: 'zstd'
  }, { pinned: true, verifiedAt: AT.toISOString() })
  const { backup } = await catalog.backups.adopt(manifest, PLACE)
  assert.deepEqual([backup.id, backup.status, backup.type, backup.schedule, backup.description, backup.pinned], [
    42,
    'completed',
    'scheduled',
    'daily',
    'nightly',
    true
  ])
  assert.deepEqual([backup.key, backup.filePath, backup.compression, backup.startedAt, backup.size, backup.checksum], [
    'shop.db',
    '/backups/shop.db',
    'zstd',
    START,
    1000,
    'a'.repeat(64)
  ])
  assert.deepEqual(backup.verification, { status: 'valid', checkedAt: AT, checks: [] })
  assert.deepEqual(backup.copies, [PLACE.copy])
  assert.deepEqual(await catalog.backups.manifest(42), manifest)
})

test('ids go on above the highest that was taken over', async t => {
  const { catalog } = await newCatalog(t)
  await catalog.backups.adopt(manifestOf({ id: 42 }), PLACE)
  assert.equal((await catalog.backups.start(newBackup())).id, 43)
})

test('a manifest that was never verified makes an unverified backup', async t => {
  const { catalog } = await newCatalog(t)
  const { backup } = await catalog.backups.adopt(manifestOf({ id: 1 }), PLACE)
  assert.deepEqual(backup.verification, { status: 'unverified', checkedAt: null, checks: [] })
})

test('a manifest whose id is taken gets a new one', async t => {
  const { catalog } = await newCatalog(t)
  const first = await completed(catalog)
  const { backup } = await catalog.backups.adopt(manifestOf({ id: first.id, source: 'other' }), PLACE)
  assert.deepEqual([backup.id, backup.source], [first.id + 1, 'other'])
  assert.equal((await catalog.backups.get(first.id)).source, 'shop')
})

test('taking over the same object again changes nothing', async t => {
  const { catalog } = await newCatalog(t)
  const { backup } = await catalog.backups.adopt(manifestOf({ id: 7 }), PLACE)
  const { backup: again } = await catalog.backups.adopt(manifestOf({ id: 8, description: 'another' }), PLACE)
  assert.deepEqual(again, backup)
  assert.equal((await catalog.backups.list({ limit: 10 })).count, 1)
})

test('the same key of another source is another backup', async t => {
  const { catalog } = await newCatalog(t)
  await catalog.backups.adopt(manifestOf({ id: 7 }), PLACE)
  assert.equal((await catalog.backups.adopt(manifestOf({ id: 8, source: 'other' }), PLACE)).backup.id, 8)
})

test('an object found in the trash is taken over into the trash', async t => {
  const { catalog } = await newCatalog(t)
  await catalog.backups.adopt(manifestOf({ id: 7 }), { ...PLACE, trashedAt: AT })
  assert.deepEqual((await catalog.backups.trashed()).map(backup => backup.trashedAt), [AT])
})

test('a backup that is known gets one copy more from each store that has it, and stays one row', async t => {
  const { catalog } = await newCatalog(t)
  const manifest = manifestOf({ id: 7 })
  await catalog.backups.adopt(manifest, PLACE)
  const far = localCopy('s3://bucket/shop.db', { store: 'far' })
  const joined = await catalog.backups.adopt(manifest, { ...PLACE, copy: far, hasLanded: false })
  assert.deepEqual([joined.outcome, joined.backup.id, joined.backup.copies, joined.backup.filePath], ['joined', 7, [
    far,
    PLACE.copy
  ], '/backups/shop.db'])
  assert.equal((await catalog.backups.adopt(manifest, { ...PLACE, copy: far, hasLanded: false })).outcome, 'known')
})

test('a backup that was known of another store alone has landed once it is found here', async t => {
  const { catalog } = await newCatalog(t)
  const manifest = manifestOf({ id: 7 })
  const { backup } = await catalog.backups.adopt(manifest, {
    ...PLACE,
    copy: localCopy('s3://bucket/shop.db', { store: 'far' }),
    hasLanded: false
  })
  assert.equal(backup.filePath, 's3://bucket/shop.db')
  const { backup: landed, outcome } = await catalog.backups.adopt(manifest, PLACE)
  assert.deepEqual([outcome, landed.filePath, landed.copies.length], ['joined', '/backups/shop.db', 2])
})

test('a copy that waited, or was taken for lost, is there once it is found', async t => {
  const { catalog } = await newCatalog(t)
  const manifest = manifestOf({ id: 7 })
  await catalog.backups.adopt(manifest, PLACE)
  await catalog.copies.promise(7, [{ store: 'far', location: 'somewhere' }], AT)
  const { outcome, backup } = await catalog.backups.adopt(manifest, {
    ...PLACE,
    copy: localCopy('s3://bucket/shop.db', { store: 'far' }),
    hasLanded: false
  })
  assert.deepEqual([outcome, backup.copies.map(({ status }) => status)], ['joined', ['stored', 'stored']])
  assert.deepEqual(await catalog.copies.waiting(), [])
})

test('a manifest of another object under the name of a known backup is refused', async t => {
  const { catalog } = await newCatalog(t)
  await catalog.backups.adopt(manifestOf({ id: 7 }), PLACE)
  const other = manifestOf({ id: 7 }, { object: { name: 'shop.db', size: 1000, sha256: 'e'.repeat(64) } })
  await rejectsWith(
    'MANIFEST_INVALID',
    catalog.backups.adopt(other, { ...PLACE, copy: localCopy('far', { store: 'far' }), hasLanded: false })
  )
  assert.equal((await catalog.backups.get(7)).copies.length, 1)
})

test('a backup that was removed stays gone where we remove things, and is one again where nobody does', async t => {
  const { catalog } = await newCatalog(t)
  const manifest = manifestOf({ id: 7 })
  await catalog.backups.adopt(manifest, PLACE)
  await catalog.backups.remove(7, AT)
  const far = { ...PLACE, copy: localCopy('s3://bucket/shop.db', { store: 'far' }), hasLanded: false }
  assert.deepEqual([
    (await catalog.backups.adopt(manifest, PLACE)).outcome,
    (await catalog.backups.adopt(manifest, far)).outcome
  ], ['known', 'known'])
  const { outcome, backup } = await catalog.backups.adopt(manifest, { ...far, neverDeleted: true })
  assert.deepEqual([outcome, backup.id, backup.copies], ['added', 8, [far.copy]])
})

test('an id far above those that are known is not kept, and the next backup goes on below it', async t => {
  for (const id of [1_000_008, 1e12, 2 ** 53 - 1, 2 ** 53, 1e300]) {
    const { catalog } = await newCatalog(t)
    await catalog.backups.adopt(manifestOf({ id: 7 }), PLACE)
    const { backup } = await catalog.backups.adopt(manifestOf({ id, source: 'other' }), PLACE)
    assert.deepEqual([backup.id, (await catalog.backups.start(newBackup())).id], [8, 9], String(id))
  }
})

test('however many manifests ask for more, ids stay within what the API takes', async t => {
  const { catalog } = await newCatalog(t)
  let id = 0
  for (let n = 0; n < 30; n++) {
    id = (await catalog.backups.adopt(manifestOf({ id: id + 1_000_000, source: `s${n}` }), PLACE)).backup.id
  }
  assert.equal(id, 30_000_000)
  assert.equal((await catalog.backups.start(newBackup())).id, 30_000_001)
})
