import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { MANIFEST_LIMIT } from '../../../src/core/backup/manifest.ts'
import type { Store } from '../../../src/core/ports/store.ts'
import {
  landingCopy,
  quarantine,
  readManifest,
  readText,
  recordedManifest,
  replaceManifest,
  requireObject,
  trustedManifest
} from '../../../src/engine/artifacts/objects.ts'
import { backupOf } from '../../support/builders/backup.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { farStore } from '../../support/stores/offsite-directory.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { testSigning } from '../../support/engine/signing.ts'
import { faultyStore } from '../../support/stores/faulty-local.ts'
import { bodyOf, never, prose } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

/** An image that fails its verification. */
const BAD = Buffer.concat([Buffer.from('BAD'), prose(5000)])

test('a manifest is read no further than a manifest can be long, whatever the store says of its size', async t => {
  const MiB = Buffer.alloc(1024 * 1024, ' ')
  let given = 0
  const endless = (): Readable =>
    new Readable({
      read () {
        given += MiB.length
        this.push(MiB)
      }
    })
  const { store } = farStore(tempDir(t))
  const lying: Store = {
    ...store,
    stat: async key => ({ key, size: 1000, modifiedAt: new Date() }),
    get: async () => endless()
  }
  await rejectsWith('MANIFEST_INVALID', readManifest(lying, 'a.db', never))
  assert.ok(given < 2 * MANIFEST_LIMIT, `${given} bytes`)
  given = 0
  assert.equal(await readText(lying, 'a.db', 5000, never), undefined)
  assert.ok(given < 10 * MiB.length, `${given} bytes`)
})

test('of the objects kept aside only the newest of each source stays', async t => {
  const shop = new MemorySource('shop')
  const bank = new MemorySource('bank')
  shop.bytes = bank.bytes = BAD
  const { engine, create, files } = await testEngine(t, { sources: [shop, bank] })
  for (const source of ['shop', 'bank', 'shop', 'shop']) await rejectsWith('VERIFICATION_FAILED', create({ source }))
  const rows = await Promise.all([1, 2, 3, 4].map(id => engine.backup(id)))
  assert.deepEqual(rows.map(({ deletedAt }) => deletedAt !== null), [true, false, true, false])
  assert.deepEqual(files(), [rows[1]!.key, rows[3]!.key].toSorted())
})

test('a text is read up to its limit in bytes, and is undefined beyond it', async t => {
  const { store } = await faultyStore(t)
  await store.put('a.txt', bodyOf('zwölf'), {}, never)
  assert.equal(await readText(store, 'a.txt', 6, never), 'zwölf')
  assert.equal(await readText(store, 'a.txt', 5, never), undefined)
  await rejectsWith('OBJECT_NOT_FOUND', readText(store, 'b.txt', 5, never))
})

test('a manifest is read from beside its object, replaced there, and refused where it is none', async t => {
  const { deps, create } = await testEngine(t)
  const { id, key } = await create()
  const manifest = await recordedManifest(deps, id)
  assert.deepEqual(await readManifest(deps.store, key, never), manifest)
  await replaceManifest(deps.store, key, deps.signing.sign({ ...manifest, description: 'another' }), never)
  assert.equal((await readManifest(deps.store, key, never)).description, 'another')
  await deps.store.put(`${key}.manifest.json`, bodyOf('{}'), { replace: true }, never)
  await rejectsWith('MANIFEST_INVALID', readManifest(deps.store, key, never))
  await deps.store.remove(`${key}.manifest.json`, never)
  await rejectsWith('OBJECT_NOT_FOUND', readManifest(deps.store, key, never))
})

test('an object that is set aside has its own name in quarantine', async t => {
  const { deps, create, files } = await testEngine(t)
  const backup = await create()
  assert.equal(await quarantine(deps, backup), `quarantine/${backup.key}`)
  assert.deepEqual(files(), [`quarantine/${backup.key}`, `${backup.key}.manifest.json`])
})

test('the first copy of a backup is the object where it landed', async t => {
  const { deps, create } = await testEngine(t)
  const { id, key, filePath, size, completedAt, copies } = await create()
  const copy = landingCopy(deps.store, key, await recordedManifest(deps, id))
  assert.deepEqual([copy], copies)
  assert.deepEqual([copy.store, copy.location, copy.status, copy.size, copy.uploadedAt], [
    'local',
    filePath,
    'stored',
    size,
    completedAt
  ])
})

test('a backup without a manifest in the catalog is CATALOG_FAILED, and one without a trusted signature MANIFEST_UNSIGNED where one is required', async t => {
  const { deps, create } = await testEngine(t)
  const { id } = await create()
  const manifest = await recordedManifest(deps, id)
  assert.deepEqual(await trustedManifest(deps, id), manifest)
  const strict = { ...deps, signing: testSigning({ isRequired: true }) }
  assert.deepEqual(await recordedManifest(strict, id), manifest)
  await rejectsWith('MANIFEST_UNSIGNED', trustedManifest(strict, id))
  deps.catalog.backups.manifest = async () => undefined
  for (const read of [recordedManifest, trustedManifest]) await rejectsWith('CATALOG_FAILED', read(deps, id))
})

test('only a completed backup that was not removed has an object to use', () => {
  requireObject(backupOf(1))
  requireObject(backupOf(1, { trashedAt: new Date(0) }))
  for (const status of ['in_progress', 'failed'] as const) {
    assert.throws(() => {
      requireObject(backupOf(1, { status }))
    }, { code: 'BACKUP_NOT_COMPLETED', message: `backup 1 is "${status}"` })
  }
  for (const status of ['completed', 'failed'] as const) {
    assert.throws(() => {
      requireObject(backupOf(1, { status, deletedAt: new Date(0) }))
    }, { code: 'BACKUP_DELETED' })
  }
})
