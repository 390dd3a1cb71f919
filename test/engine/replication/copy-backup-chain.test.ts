import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { filesOfGrowing, growingEngine } from '../../support/engine/growing.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { testOffsite } from '../../support/stores/offsite.ts'

test('an increment comes into a store after all that it is built on, the full backup first', async t => {
  const far = await testOffsite(t, { far: {}, near: {} })
  const { engine, events, create, increment } = await growingEngine(t, { offsite: far.offsite })
  const chain = [await create(), await increment(), await increment()]
  await (await engine.upload(1, { store: 'near' })).result
  await (await engine.upload(3, {})).result
  const stored = (store: string): readonly number[] =>
    events.flatMap(event => event.type === 'copy.stored' && event.store === store ? [event.backup.id] : [])
  assert.deepEqual([stored('far'), stored('near')], [[1, 2, 3], [1, 2, 3]])
  for (const store of ['far', 'near']) assert.deepEqual(far.files(store), filesOfGrowing(...chain))
})

test('where a store does not take what an increment is built on, it does not get the increment', async t => {
  const far = await testOffsite(t, { far: {}, near: {} })
  const { engine, create, increment, clock } = await growingEngine(t, { offsite: far.offsite })
  const chain = [await create(), await increment()]
  far.faults.fail('far.put', { error: new BackupError('STORE_UNAVAILABLE', 'it is down') })
  await rejectsWith('STORE_UNAVAILABLE', (await engine.upload(2, {})).result)
  assert.deepEqual([far.files('far'), far.files('near')], [[], filesOfGrowing(...chain)])
  const copyOf = async (id: number) => (await engine.backup(id)).copies.find(({ store }) => store === 'far')
  const next = new Date(clock.now().getTime() + 60_000)
  for (const id of [1, 2]) {
    const { status, error, nextAttemptAt } = (await copyOf(id))!
    assert.deepEqual([status, error, nextAttemptAt], ['failed', 'it is down', next])
  }
  await (await engine.upload(2, {})).result
  assert.deepEqual(far.files('far'), filesOfGrowing(...chain))
})

test('a copy that another job brings is waited for, and not brought twice', async t => {
  const far = await testOffsite(t, { far: {} })
  const { engine, events, create, increment } = await growingEngine(t, { offsite: far.offsite })
  const [full] = [await create(), await increment()]
  const pause = far.faults.pause('far.put')
  const first = await engine.upload(full.id, {})
  await pause.reached
  const second = await engine.upload(2, {})
  pause.go()
  await Promise.all([first.result, second.result])
  assert.deepEqual(events.flatMap(event => event.type === 'copy.stored' ? [event.backup.id] : []), [1, 2])
})
