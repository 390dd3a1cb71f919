import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { test } from 'node:test'
import { parseManifest, type Manifest } from '../../../src/core/backup/manifest.ts'
import { BackupError } from '../../../src/core/errors.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'

function manifestAt (path: string): Manifest {
  return parseManifest(readFileSync(`${path}.manifest.json`, 'utf8'))
}

test('description and pin are changed in the row and in the manifest', async t => {
  const { engine, create } = await testEngine(t)
  const { id, filePath } = await create()
  const edited = await engine.edit(id, { description: 'keep', pinned: true })
  assert.deepEqual([edited.description, edited.pinned], ['keep', true])
  assert.deepEqual([manifestAt(filePath).description, manifestAt(filePath).pinned], ['keep', true])
})

test('what is not mentioned stays, and null takes the description away', async t => {
  const { engine, create } = await testEngine(t)
  const { id, filePath } = await create({ description: 'first' })
  await engine.edit(id, { pinned: true })
  assert.deepEqual([manifestAt(filePath).description, manifestAt(filePath).pinned], ['first', true])
  await engine.edit(id, { description: null })
  assert.deepEqual([
    (await engine.backup(id)).description,
    manifestAt(filePath).description,
    manifestAt(filePath).pinned
  ], [null, null, true])
})

test('where the manifest cannot be written nothing changes', async t => {
  const { engine, faults, create } = await testEngine(t)
  const before = await create()
  const written = manifestAt(before.filePath)
  faults.fail('store.put', { error: new BackupError('DISK_FULL', 'no room') })
  await rejectsWith('DISK_FULL', engine.edit(before.id, { pinned: true }))
  assert.deepEqual([await engine.backup(before.id), manifestAt(before.filePath)], [before, written])
})

test('a backup that another job is at work on is BACKUP_BUSY', async t => {
  const { engine, faults, create } = await testEngine(t)
  const { id } = await create()
  const pause = faults.pause('inspector.inspect')
  const { result } = await engine.verify(id)
  await rejectsWith('BACKUP_BUSY', engine.edit(id, { pinned: true }))
  pause.go()
  await result
  await engine.edit(id, { pinned: true })
})

test('a manifest that was lost is written again', async t => {
  const { engine, create } = await testEngine(t)
  const { id, filePath } = await create()
  rmSync(`${filePath}.manifest.json`)
  await engine.edit(id, { description: 'again' })
  assert.equal(manifestAt(filePath).description, 'again')
})

test('an unknown backup is BACKUP_NOT_FOUND, and is not held afterwards', async t => {
  const { engine } = await testEngine(t)
  for (let time = 0; time < 2; time++) await rejectsWith('BACKUP_NOT_FOUND', engine.edit(9, { pinned: true }))
})

test('a backup of which the catalog has no manifest is changed in its row', async t => {
  const { engine, deps, create } = await testEngine(t)
  const { id, filePath } = await create()
  deps.catalog.backups.manifest = async () => undefined
  assert.equal((await engine.edit(id, { pinned: true })).pinned, true)
  assert.equal(manifestAt(filePath).pinned, false)
  await rejectsWith('CATALOG_FAILED', (await engine.verify(id)).result)
  await rejectsWith('CATALOG_FAILED', engine.download(id, { decoded: false }))
  rmSync(`${filePath}.manifest.json`)
  await engine.edit(id, { pinned: false })
  assert.equal((await (await engine.remove(id, { force: true })).result).deletedAt, null)
})

test('where a pin may not be touched, a backup that is pinned stays as it is, and one that is not is edited', async t => {
  const { engine, create } = await testEngine(t)
  const [one, other] = [await create({ description: 'first' }), await create()]
  await engine.edit(one.id, { pinned: true, keepsPinned: true })
  for (const change of [{ pinned: false }, { description: 'x' }, { pinned: true, description: null }]) {
    await rejectsWith('FORBIDDEN', engine.edit(one.id, { ...change, keepsPinned: true }))
  }
  const { pinned, description } = await engine.backup(one.id)
  assert.deepEqual([pinned, description, manifestAt(one.filePath).pinned], [true, 'first', true])
  assert.equal((await engine.edit(other.id, { description: 'y', keepsPinned: true })).description, 'y')
  assert.equal((await engine.edit(one.id, { pinned: false })).pinned, false)
})
