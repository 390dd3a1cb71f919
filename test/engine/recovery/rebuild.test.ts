import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { housekeep } from '../../../src/engine/recovery/housekeep.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { landed } from '../../support/engine/rebuild.ts'
import { rejectsWith } from '../../support/rejects.ts'

test('an empty catalog gets the same rows again from the store', async t => {
  const before = await testEngine(t, { sources: [new MemorySource('shop'), new MemorySource('bank')] })
  await before.create({ description: 'first', compression: 'zstd' })
  await before.create({ source: 'bank', type: 'scheduled', schedule: 'daily' })
  const pinned = await before.create({ verify: false })
  await before.engine.edit(pinned.id, { pinned: true })
  const after = await testEngine(t, { directory: before.directory, signing: before.deps.signing })
  assert.deepEqual(await landed(after), [3, []])
  for (const id of [1, 2, 3]) {
    const [was, is] = await Promise.all([before.engine.backup(id), after.engine.backup(id)])
    assert.deepEqual({ ...is, verification: is.verification.status }, { ...was, verification: was.verification.status })
  }
})

test('it may be repeated, and changes nothing then', async t => {
  const { engine, deps, create, files } = await testEngine(t)
  const backup = await create()
  const before = files()
  await landed({ deps })
  await landed({ deps })
  assert.deepEqual([(await engine.backups({ limit: 10 })).backups, files()], [[backup], before])
})

test('what is in the trash is in the trash again, and its grace begins anew', async t => {
  const before = await testEngine(t)
  await before.create()
  await before.create()
  await (await before.engine.remove(1, { force: false })).result
  const after = await testEngine(t, { directory: before.directory })
  after.clock.move(400 * 86_400_000)
  await landed(after)
  await housekeep(after.deps)
  assert.deepEqual(
    (await after.engine.backups({ limit: 10, trashed: true })).backups.map(({ id, trashedAt }) => [id, trashedAt]),
    [[1, after.clock.now()]]
  )
  await (await after.engine.undelete(1)).result
  assert.equal((await (await after.engine.verify(1)).result).verification.valid, true)
})

test('an id that is taken is not given twice', async t => {
  const before = await testEngine(t)
  await before.create()
  const after = await testEngine(t, { sources: [new MemorySource('bank')], directory: before.directory })
  await after.create()
  await landed(after)
  assert.deepEqual((await after.engine.backups({ limit: 10 })).backups.map(({ id, source }) => [id, source]), [[
    2,
    'shop'
  ], [1, 'bank']])
  assert.equal((await (await after.engine.verify(2)).result).verification.valid, true)
})

test('a store that cannot be read is an error, and the rows that are there stay', async t => {
  const { engine, deps, faults, create } = await testEngine(t)
  const backup = await create()
  faults.fail('store.get', { error: new BackupError('STORE_FAILED', 'the disk died') })
  await rejectsWith('STORE_FAILED', landed({ deps }))
  assert.deepEqual(await engine.backup(backup.id), backup)
})
