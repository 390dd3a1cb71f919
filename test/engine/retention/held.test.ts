import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { housekeep } from '../../../src/engine/recovery/housekeep.ts'
import { heldInTrash } from '../../../src/engine/retention/held.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { attacked, GOOD } from '../../support/engine/suspect.ts'

test('what was good before it stays in the trash, also where room is wanted, until somebody has decided', async t => {
  const bench = await attacked(t, { settings: { maxBackups: 10 } })
  await (await bench.engine.remove(1, { force: false })).result
  bench.clock.move(bench.deps.trashGrace + 1000)
  await housekeep(bench.deps)
  assert.equal((await bench.engine.backup(1)).deletedAt, null)
  bench.faults.fail('store.put', { error: new BackupError('DISK_FULL', 'no room') })
  await rejectsWith('DISK_FULL', bench.create())
  assert.equal((await bench.engine.backup(1)).deletedAt, null)

  await bench.engine.release(4, 'ann')
  await housekeep(bench.deps)
  assert.notEqual((await bench.engine.backup(1)).deletedAt, null)
})

test('a backup is held in the trash where it is from before a suspect, and is no suspect itself', async t => {
  const bench = await attacked(t, { settings: { maxBackups: 10 } })
  const later = await bench.create()
  bench.source.bytes = GOOD
  const good = await bench.create()
  assert.equal(good.suspicion, null)
  for (const id of [1, later.id, good.id]) await (await bench.engine.remove(id, { force: true })).result
  const held = async (id: number): Promise<boolean> => await heldInTrash(bench.deps)(await bench.engine.backup(id))
  assert.deepEqual([await held(1), await held(2), await held(later.id), await held(good.id)], [
    true,
    false,
    false,
    false
  ])
  await bench.engine.release(4, 'ann')
  assert.deepEqual([await held(1), await held(later.id)], [false, false])
})

test('the backups of a source are looked through once in a pass', async t => {
  const bench = await attacked(t, { settings: { maxBackups: 10 } })
  for (const id of [1, 2]) await (await bench.engine.remove(id, { force: true })).result
  const existing = bench.deps.catalog.backups.existing.bind(bench.deps.catalog.backups)
  let looks = 0
  bench.deps.catalog.backups.existing = async source => {
    looks++
    return await existing(source)
  }
  const held = heldInTrash(bench.deps)
  assert.deepEqual([await held(await bench.engine.backup(1)), await held(await bench.engine.backup(2)), looks], [
    true,
    true,
    1
  ])
})
