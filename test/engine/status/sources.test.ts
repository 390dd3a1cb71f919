import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { SETTINGS, testEngine } from '../../support/engine/engine.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { rejectsWith } from '../../support/rejects.ts'

const INTERVAL = SETTINGS.autoBackupInterval
const LOCKED = new BackupError('SOURCE_LOCKED', 'locked')

test('a source goes from never over busy to ok, to failing, and back', async t => {
  const { engine, faults, clock, create } = await testEngine(t)
  const state = async (): Promise<string> => (await engine.source('shop')).state
  assert.equal(await state(), 'never')
  const pause = faults.pause('source.probe')
  const { result } = await engine.create({ type: 'manual' })
  await pause.reached
  assert.equal(await state(), 'busy')
  pause.go()
  await result
  assert.equal(await state(), 'ok')
  faults.fail('source.probe', { error: LOCKED })
  await rejectsWith('SOURCE_LOCKED', create())
  assert.equal(await state(), 'failing')
  clock.move(1000)
  await create()
  assert.equal(await state(), 'ok')
})

test('a source that never had a good backup is failing after the first bad one', async t => {
  const { engine, faults, create } = await testEngine(t)
  faults.fail('source.probe', { error: LOCKED })
  await rejectsWith('SOURCE_LOCKED', create())
  assert.equal((await engine.source('shop')).state, 'failing')
})

test('each source tells what it is, and which one is the default', async t => {
  const { engine } = await testEngine(t, { sources: [new MemorySource('shop'), new MemorySource('bank')] })
  assert.deepEqual(
    (await engine.sources()).map(({ name, kind, location, isDefault }) => [name, kind, location, isDefault]),
    [['shop', 'memory', '/memory/shop', true], ['bank', 'memory', '/memory/bank', false]]
  )
  await rejectsWith('SOURCE_NOT_FOUND', engine.source('attic'))
})

test('the next run is due at once, then an interval after the last scheduled one, and never where it is switched off', async t => {
  const { engine, clock, create } = await testEngine(t, {
    sources: [new MemorySource('shop'), new MemorySource('bank')],
    policies: { bank: { enabled: false } }
  })
  assert.deepEqual([(await engine.source('shop')).nextRun, (await engine.source('bank')).nextRun], [clock.now(), null])
  const { startedAt } = await create({ type: 'scheduled' })
  await create({ type: 'manual' })
  assert.deepEqual((await engine.source('shop')).nextRun, new Date(startedAt.getTime() + INTERVAL))
})

test('the totals are those of the catalog', async t => {
  const { engine, source, faults, create } = await testEngine(t)
  const [first, last] = [await create(), await create()]
  faults.fail('source.probe', { error: LOCKED })
  await rejectsWith('SOURCE_LOCKED', create())
  const statistics = await engine.statistics()
  assert.deepEqual([statistics.totalBackups, statistics.totalSize, statistics.failedBackups], [
    2,
    2 * source.bytes.length,
    1
  ])
  assert.deepEqual([statistics.oldestBackup, statistics.newestBackup], [first.startedAt, last.startedAt])
  assert.deepEqual(statistics.states.map(({ name, statistics: { count } }) => [name, count]), [['shop', 2]])
})

test('jobs are listed with their progress up to now', async t => {
  const { engine, faults, create } = await testEngine(t)
  await create()
  const pause = faults.pause('source.snapshot')
  const { job, result } = await engine.create({ type: 'manual' })
  await pause.reached
  const { jobs } = await engine.jobs({ limit: 5 })
  assert.deepEqual(jobs.map(({ id, status, progress }) => [id, status, progress.phase]), [[
    job.id,
    'running',
    'probing'
  ], [1, 'succeeded', 'done']])
  pause.go()
  await result
  await rejectsWith('JOB_NOT_FOUND', engine.job(99))
})
