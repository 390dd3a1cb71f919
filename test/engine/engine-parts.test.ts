import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Backup } from '../../src/core/backup/backup.ts'
import { housekeep } from '../../src/engine/recovery/housekeep.ts'
import { reconcile } from '../../src/engine/recovery/reconcile.ts'
import { surveyStore } from '../../src/engine/replication/survey-store.ts'
import { addJob, openBeside } from '../support/catalog/catalog.ts'
import { testEngine, type TestEngine, type TestEngineOptions } from '../support/engine/engine.ts'
import { rejectsWith } from '../support/rejects.ts'
import { MemorySource } from '../support/sources/memory-source.ts'
import { testOffsite } from '../support/stores/offsite.ts'
import { never } from '../support/streams.ts'

/** An engine whose source gives two parts of unknown size. */
async function parted (
  t: TestContext,
  options: TestEngineOptions = {}
): Promise<TestEngine & { readonly source: MemorySource }> {
  const source = new MemorySource('shop', { hasIndex: true })
  return { ...await testEngine(t, { ...options, sources: [source] }), source }
}

/** The files that a backup has in a store. */
function filesOf (prefix: string, ...backups: readonly Backup[]): readonly string[] {
  return backups.flatMap(({ key, parts }) =>
    [key, `${key}.manifest.json`, ...parts.map(({ fileName }) => fileName)].map(name => prefix + name)
  ).toSorted()
}

test('all parts go into the trash and come out of it, and are gone for good together', async t => {
  const { create, engine, files, clock, deps } = await parted(t)
  const [first, second] = [await create(), await create()]
  await (await engine.remove(first.id, { force: false })).result
  assert.deepEqual(files(), [...filesOf('', second), ...filesOf('trash/', first)].toSorted())
  await (await engine.undelete(first.id)).result
  assert.deepEqual(files(), filesOf('', first, second))
  await (await engine.remove(first.id, { force: false })).result
  clock.move(30 * 86_400_000)
  await housekeep(deps)
  assert.deepEqual(files(), filesOf('', second))
})

test('all parts are copied, and a copy that lacks one of them is made again', async t => {
  const far = await testOffsite(t, { far: {} })
  const { create, deps, engine } = await parted(t, { offsite: far.offsite })
  const backup = await create({ upload: true })
  assert.deepEqual(far.files('far'), filesOf('', backup))
  const [copy] = backup.copies.filter(({ store }) => store === 'far')
  assert.equal(copy?.size, (backup.size ?? 0) + (backup.parts[0]?.size ?? 0))
  rmSync(join(far.directories['far']!, backup.parts[0]!.fileName))
  assert.equal(await surveyStore(deps, far.offsite.get('far')!, never), 1)
  await (await engine.upload(backup.id, {})).result
  assert.deepEqual(far.files('far'), filesOf('', backup))
})

test('a backup whose second part is gone from the landing store is read from another store', async t => {
  const far = await testOffsite(t, { far: {} })
  const { create, directory, engine, restorer, source } = await parted(t, { offsite: far.offsite })
  const backup = await create({ upload: true })
  rmSync(join(directory, backup.parts[0]!.fileName))
  await (await engine.restore(backup.id, { target: '/memory/elsewhere' })).result
  assert.deepEqual(restorer.files.get('/memory/elsewhere'), source.bytes)
})

test('a store from which all parts are read makes the row again, and one that lacks a part does not', async t => {
  const before = await parted(t)
  const [whole, lacking] = [await before.create(), await before.create()]
  rmSync(join(before.directory, lacking.parts[0]!.fileName))
  const after = await parted(t, { directory: before.directory })
  const { stores: [store] } = await (await after.engine.rebuild({ isListing: false })).result
  assert.deepEqual(store?.refused, [{ key: `${lacking.key}.manifest.json`, reason: 'the part "index" is missing' }])
  const { backups } = await after.engine.backups({ limit: 10 })
  assert.deepEqual(backups.map(({ key, parts }) => [key, parts]), [[whole.key, whole.parts]])
  assert.equal((await (await after.engine.verify(backups[0]!.id)).result).verification.valid, true)
})

test('a drill and a restore use the main part, and damage of another part fails them', async t => {
  const { create, directory, engine, restorer, source } = await parted(t)
  const { id, parts } = await create({ compression: 'zstd' })
  assert.equal((await (await engine.drill({ id, actor: null })).result).status, 'passed')
  await (await engine.restore(id, { target: '/memory/elsewhere' })).result
  assert.deepEqual(restorer.files.get('/memory/elsewhere'), source.bytes)
  const path = join(directory, parts[0]!.fileName)
  writeFileSync(path, readFileSync(path).subarray(0, -1))
  assert.equal((await (await engine.drill({ id, actor: null })).result).status, 'failed')
  await rejectsWith('BACKUP_INVALID', (await engine.restore(id, { target: '/memory/other' })).result)
})

test('a backup that fails its verification is set aside whole', async t => {
  const { create, engine, files, source } = await parted(t)
  source.bytes = Buffer.from('BAD bytes from the start')
  await rejectsWith('VERIFICATION_FAILED', create())
  const { parts } = await engine.backup(1)
  const aside = files()
  assert.equal(aside.length, 2)
  assert.ok(aside.every(file => file.startsWith('quarantine/')) && aside.includes(`quarantine/${parts[0]!.fileName}`))
})

test('what a crash between the parts and the manifest left is removed, by the names in the row', async t => {
  const { create, catalogPath, clock, deps, directory, engine, files } = await parted(t)
  const older = await create()
  const name = 'shop-backup-2025-11-24T23-31-00'
  const row = await deps.catalog.backups.start({
    source: 'shop',
    type: 'manual',
    method: 'full',
    schedule: null,
    key: `${name}.db`,
    filePath: join(directory, `${name}.db`),
    description: null,
    compression: 'none',
    encryption: 'none',
    startedAt: clock.now(),
    parts: [{ name: 'index', fileName: `${name}.index.json`, size: null, checksum: null }]
  })
  const gone = await openBeside(t, catalogPath, 'gone')
  await addJob(gone, {
    kind: 'create',
    source: 'shop',
    backupId: row.id,
    leases: ['source:shop'],
    createdAt: clock.now()
  })
  for (const file of [row.filePath, join(directory, `${name}.index.json`)]) writeFileSync(file, 'stored')
  await reconcile(deps)
  assert.deepEqual([(await engine.backup(row.id)).status, existsSync(row.filePath)], ['failed', false])
  assert.deepEqual(files(), filesOf('', older))
})
