import assert from 'node:assert/strict'
import { test } from 'node:test'
import { presentBackup } from '../../src/present/backup.ts'
import { housekeep } from '../../src/engine/recovery/housekeep.ts'
import { filesOf, testEngine } from '../support/engine/engine.ts'
import { planted } from '../support/fault-count.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

for (
  const [words, by] of [['a second', 1000], ['an hour', HOUR], ['a month', 30 * DAY], [
    'twenty years',
    20 * 365 * DAY
  ]] as const
) {
  test(`a clock set back by ${words} between two backups takes nothing away, and the newer one stays the newer`, async t => {
    const fault = planted(t, `clock set back by ${words}`)
    const { engine, deps, clock, create, files } = await testEngine(t, { settings: { maxBackups: 10 } })
    const made = [await create(), await create()]
    clock.move(-by)
    fault.fired()
    made.push(await create())
    assert.deepEqual((await engine.backups({ limit: 10 })).backups.map(({ id, status }) => [id, status]), [
      [3, 'completed'],
      [2, 'completed'],
      [1, 'completed']
    ])
    await housekeep(deps)
    await (await engine.prune({ dryRun: false })).result
    assert.deepEqual(files(), filesOf(...made))
    for (const { id } of made) assert.equal((await (await engine.verify(id)).result).verification.valid, true)
    assert.ok((await engine.statistics()).totalBackups === 3)
  })

  test(`a clock set back by ${words} in the middle of a backup leaves it whole, and its duration is no less than nothing`, async t => {
    const fault = planted(t, `clock set back by ${words} within a backup`)
    const { engine, faults, clock, create } = await testEngine(t)
    await create()
    faults.meanwhile('store.put', () => {
      clock.move(-by)
      fault.fired()
    })
    const backup = await create()
    assert.deepEqual([backup.status, backup.verification.status], ['completed', 'valid'])
    assert.equal(presentBackup(backup).durationMs, 0)
    assert.equal((await (await engine.verify(backup.id)).result).verification.valid, true)
  })
}

test('a clock set back keeps what is in the trash, and what was proven last stays proven', async t => {
  const fault = planted(t, 'clock set back beside a trash')
  const { engine, deps, clock, create, files } = await testEngine(t)
  const made = [await create(), await create(), await create()]
  await (await engine.remove(1, { force: true })).result
  clock.move(-10 * DAY)
  fault.fired()
  await housekeep(deps)
  assert.equal((await engine.backups({ limit: 10, trashed: true })).count, 1)
  await (await engine.undelete(1)).result
  assert.deepEqual(files(), filesOf(...made))
})

test('a clock set forward by years and back again does not make the rotation remove what it would have kept', async t => {
  const fault = planted(t, 'clock set forward and back')
  const { engine, clock, create, files } = await testEngine(t, { settings: { maxBackups: 3 } })
  const [first, second] = [await create(), await create()]
  clock.move(10 * 365 * DAY)
  const future = await create()
  clock.move(-10 * 365 * DAY)
  fault.fired()
  const fourth = await create()
  const kept = (await engine.backups({ limit: 10, status: 'completed' })).backups
  assert.deepEqual(files(), filesOf(...kept))
  assert.ok(kept.some(({ id }) => id === fourth.id), 'the one that was made now')
  assert.ok(
    kept.length >= 3,
    `${[first, second, future, fourth].map(({ id }) => id).join()} became ${kept.map(({ id }) => id).join()}`
  )
})
