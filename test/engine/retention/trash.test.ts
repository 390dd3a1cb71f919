import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { housekeep } from '../../../src/engine/recovery/housekeep.ts'
import { chainedEngine } from '../../support/engine/chained.ts'
import { GRACE, filesOf, testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { rejectsWith } from '../../support/rejects.ts'

const DIED = new BackupError('STORE_FAILED', 'the disk died')

async function remove ({ engine }: TestEngine, id: number, force = false) {
  return await (await engine.remove(id, { force })).result
}

test('a removed backup waits in the trash, manifest and all, and no list shows it but that of the trash', async t => {
  const bench = await testEngine(t)
  const [first, second] = [await bench.create(), await bench.create()]
  const trashed = await remove(bench, first.id)
  assert.deepEqual([trashed.key, trashed.trashedAt], [`trash/${first.key}`, bench.clock.now()])
  assert.deepEqual(bench.files(), filesOf(trashed, second))
  assert.deepEqual((await bench.engine.backups({ limit: 10 })).backups.map(({ id }) => id), [2])
  assert.deepEqual((await bench.engine.backups({ limit: 10, trashed: true })).backups.map(({ id }) => id), [1])
  assert.equal(bench.events.filter(({ type }) => type === 'backup.trashed').length, 1)
})

test('a backup that is brought back is as it was', async t => {
  const bench = await testEngine(t)
  const backup = await bench.create()
  await remove(bench, backup.id, true)
  const restored = await (await bench.engine.undelete(backup.id)).result
  assert.deepEqual([restored, bench.files()], [backup, filesOf(backup)])
  assert.equal((await (await bench.engine.verify(backup.id)).result).verification.valid, true)
  assert.equal(bench.events.filter(({ type }) => type === 'backup.undeleted').length, 1)
})

test('a backup in the trash can be read and verified', async t => {
  const bench = await testEngine(t)
  const { id } = await bench.create()
  await remove(bench, id, true)
  assert.equal((await (await bench.engine.verify(id)).result).verification.valid, true)
})

test('a pinned backup is not removed, not even by force', async t => {
  const bench = await testEngine(t)
  await bench.create()
  const { id } = await bench.create()
  await bench.engine.edit(id, { pinned: true })
  await rejectsWith('BACKUP_PINNED', remove(bench, id, true))
  await bench.engine.edit(id, { pinned: false })
  await remove(bench, id)
})

test('the last valid backup of a source is removed by force only', async t => {
  const bench = await testEngine(t, { sources: [new MemorySource('shop'), new MemorySource('bank')] })
  const { id } = await bench.create()
  await bench.create({ source: 'bank' })
  await bench.create({ verify: false })
  await rejectsWith('BACKUP_LAST_VALID', remove(bench, id))
  await remove(bench, id, true)
})

test('the only backup of a source is removed by force only, although it was never verified', async t => {
  const bench = await testEngine(t)
  const { id } = await bench.create({ verify: false })
  await rejectsWith('BACKUP_LAST_VALID', remove(bench, id))
  await bench.create({ verify: false })
  await remove(bench, id)
})

test('a backup that others are built on is not removed', async t => {
  const bench = await chainedEngine(t, [0, 1, 2])
  for (const id of [1, 2]) await rejectsWith('BACKUP_HAS_CHILDREN', remove(bench, id, true))
  for (const id of [3, 2, 1]) await remove(bench, id, true)
})

test('an increment is brought back after all that it is built on, and not without it', async t => {
  const bench = await chainedEngine(t, [0, 1, 2])
  for (const id of [3, 2, 1]) await remove(bench, id, true)
  const undelete = async (id: number) => await (await bench.engine.undelete(id)).result
  await rejectsWith('CHAIN_BROKEN', undelete(3))
  await undelete(1)
  await rejectsWith('CHAIN_BROKEN', undelete(3))
  await undelete(2)
  assert.equal((await undelete(3)).trashedAt, null)
})

test('what is gone cannot be removed or brought back, and what is not in the trash neither', async t => {
  const bench = await testEngine(t, { type: 'scheduled', settings: { maxBackups: 1 } })
  await bench.create()
  const { id } = await bench.create()
  await rejectsWith('BACKUP_DELETED', remove(bench, 1, true))
  await rejectsWith('BACKUP_DELETED', bench.engine.undelete(1))
  await rejectsWith('BACKUP_NOT_FOUND', remove(bench, 99))
  await rejectsWith('BACKUP_NOT_FOUND', bench.engine.undelete(99))
  await rejectsWith('BACKUP_NOT_IN_TRASH', (await bench.engine.undelete(id)).result)
})

test('a removal may be repeated', async t => {
  const bench = await testEngine(t)
  const { id } = await bench.create()
  const first = await remove(bench, id, true)
  bench.clock.move(1000)
  assert.deepEqual(await remove(bench, id), first)
})

for (const on of [/json$/, /db$/]) {
  test(`a removal whose move of ${String(on)} failed is finished by repeating it`, async t => {
    const bench = await testEngine(t)
    const { id } = await bench.create()
    bench.faults.fail('store.move', { error: DIED, on })
    await rejectsWith('STORE_FAILED', remove(bench, id, true))
    const trashed = await remove(bench, id, true)
    assert.deepEqual(bench.files(), filesOf(trashed))
  })

  test(`a removal whose move of ${String(on)} failed can be taken back`, async t => {
    const bench = await testEngine(t)
    const backup = await bench.create()
    bench.faults.fail('store.move', { error: DIED, on })
    await rejectsWith('STORE_FAILED', remove(bench, backup.id, true))
    await (await bench.engine.undelete(backup.id)).result
    assert.deepEqual([await bench.engine.backup(backup.id), bench.files()], [backup, filesOf(backup)])
  })

  test(`a removal whose move of ${String(on)} failed leaves nothing behind when its time is over`, async t => {
    const bench = await testEngine(t)
    const { id } = await bench.create()
    bench.faults.fail('store.move', { error: DIED, on })
    await rejectsWith('STORE_FAILED', remove(bench, id, true))
    bench.clock.move(GRACE)
    await housekeep(bench.deps)
    assert.deepEqual([bench.files(), (await bench.engine.backup(id)).deletedAt !== null], [[], true])
  })

  test(`bringing back whose move of ${String(on)} failed may be repeated`, async t => {
    const bench = await testEngine(t)
    const backup = await bench.create()
    await remove(bench, backup.id, true)
    bench.faults.fail('store.move', { error: DIED, on })
    await rejectsWith('STORE_FAILED', (await bench.engine.undelete(backup.id)).result)
    await (await bench.engine.undelete(backup.id)).result
    assert.deepEqual([await bench.engine.backup(backup.id), bench.files()], [backup, filesOf(backup)])
  })
}

test('a backup that had lost its manifest gets it again before it goes into the trash', async t => {
  const bench = await testEngine(t)
  const { id, filePath } = await bench.create()
  rmSync(`${filePath}.manifest.json`)
  const trashed = await remove(bench, id, true)
  assert.deepEqual(bench.files(), filesOf(trashed))
})

test('a backup that had lost its object can still be removed', async t => {
  const bench = await testEngine(t)
  const { id, filePath } = await bench.create()
  rmSync(filePath)
  const trashed = await remove(bench, id, true)
  assert.deepEqual(bench.files(), [`${trashed.key}.manifest.json`])
})

test('what is in the trash is gone when its time is over, and not before', async t => {
  const bench = await testEngine(t)
  const { id } = await bench.create()
  const trashed = await remove(bench, id, true)
  bench.clock.move(GRACE - 1)
  await housekeep(bench.deps)
  assert.deepEqual(bench.files(), filesOf(trashed))
  bench.clock.move(1)
  await housekeep(bench.deps)
  assert.deepEqual([bench.files(), (await bench.engine.backup(id)).deletedAt], [[], bench.clock.now()])
  assert.deepEqual(bench.events.flatMap(event => event.type === 'backup.removed' ? [event.reason] : []), [
    'its grace period in the trash is over'
  ])
})

test('what is being brought back when its time is over is not emptied', async t => {
  const bench = await testEngine(t)
  const backup = await bench.create()
  await remove(bench, backup.id, true)
  bench.clock.move(GRACE)
  bench.faults.meanwhile('store.move', async () => {
    await housekeep(bench.deps)
  })
  await (await bench.engine.undelete(backup.id)).result
  assert.deepEqual(bench.files(), filesOf(backup))
})

test('what was brought back while the trash was looked through is not emptied', async t => {
  const bench = await testEngine(t)
  const backup = await bench.create()
  await remove(bench, backup.id, true)
  bench.clock.move(GRACE)
  const list = await bench.deps.catalog.backups.trashed()
  await (await bench.engine.undelete(backup.id)).result
  bench.deps.catalog.backups.trashed = async () => list
  await housekeep(bench.deps)
  assert.deepEqual(bench.files(), filesOf(backup))
})

test('housekeeping forgets old jobs and old answers', async t => {
  const bench = await testEngine(t)
  await bench.create()
  const { idempotency } = bench.deps.catalog
  await idempotency.save('scope', 'key', 'print', { status: 201, headers: {}, body: '' }, bench.clock.now())
  bench.clock.move(86_400_001)
  await housekeep(bench.deps)
  assert.equal(await idempotency.find('scope', 'key', new Date(0)), undefined)
  assert.equal((await bench.engine.job(1)).status, 'succeeded')
  bench.clock.move(30 * 86_400_000)
  await housekeep(bench.deps)
  await rejectsWith('JOB_NOT_FOUND', bench.engine.job(1))
})
