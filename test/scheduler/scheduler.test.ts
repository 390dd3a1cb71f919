import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getTasks } from 'node-cron'
import { BackupError } from '../../src/core/errors.ts'
import { SETTINGS } from '../support/engine/engine.ts'
import { MemorySource } from '../support/sources/memory-source.ts'
import { rejectsWith } from '../support/rejects.ts'
import { schedulerBench } from '../support/scheduler/scheduler.ts'
import { until } from '../support/streams.ts'

const INTERVAL = SETTINGS.autoBackupInterval
const LOCKED = new BackupError('SOURCE_LOCKED', 'locked')
const BUSY = new BackupError('CATALOG_BUSY', 'another process holds it')

test('a backup is made when it is due, and then not before the interval is over', async t => {
  const { clock, tick, scheduled, lines } = await schedulerBench(t)
  await tick()
  assert.deepEqual(await scheduled(), [1])
  clock.move(INTERVAL - 501)
  await tick()
  assert.deepEqual(await scheduled(), [1])
  clock.move(1)
  await tick()
  assert.deepEqual(await scheduled(), [1, 2])
  assert.deepEqual(
    lines.map(({ level, message }) => `${level} ${message}`),
    Array(2).fill(['info scheduled backup started', 'info scheduled backup completed']).flat()
  )
})

test('what was missed is caught up once', async t => {
  const { clock, tick, scheduled } = await schedulerBench(t)
  await tick()
  clock.move(INTERVAL * 50)
  for (let n = 0; n < 3; n++) await tick()
  assert.deepEqual(await scheduled(), [1, 2])
})

test('after the clock was set back a backup is made an interval later at the latest', async t => {
  const { clock, tick, scheduled } = await schedulerBench(t)
  await tick()
  clock.move(-INTERVAL * 50)
  await tick()
  assert.deepEqual(await scheduled(), [1])
  clock.move(INTERVAL * 50 + INTERVAL)
  await tick()
  assert.deepEqual(await scheduled(), [1, 2])
})

test('every source has its own time, and a busy one hinders no other', async t => {
  const { engine, faults, clock, tick, scheduled } = await schedulerBench(t, {
    sources: [new MemorySource('shop'), new MemorySource('bank')],
    policies: { bank: { interval: INTERVAL * 2 } }
  })
  await tick()
  clock.move(INTERVAL)
  await tick()
  const [newest, ...first] = (await engine.backups({ limit: 10 })).backups.map(({ source }) => source)
  // Both sources are due at the first tick, and either job may be recorded first.
  assert.deepEqual([newest, first.toSorted()], ['shop', ['bank', 'shop']])
  clock.move(INTERVAL)
  const pause = faults.pause('source.probe')
  const { result } = await engine.create({ source: 'shop', type: 'manual' })
  await pause.reached
  await engine.jobs({ limit: 1 })
  const ticked = tick()
  await until(async () => (await scheduled()).length === 4)
  pause.go()
  await Promise.all([result, ticked])
  assert.deepEqual((await engine.backups({ limit: 2, type: 'scheduled' })).backups[0]?.source, 'bank')
})

test('nothing is made where it is switched off, until it is switched on', async t => {
  const { engine, tick, scheduled } = await schedulerBench(t, { settings: { autoBackupEnabled: false } })
  await tick()
  assert.deepEqual(await scheduled(), [])
  await engine.changeSettings({ autoBackupEnabled: true })
  await tick()
  assert.deepEqual(await scheduled(), [1])
})

test('a backup that failed is told, and the next one is made when it is due', async t => {
  const { faults, clock, tick, scheduled, runs, lines } = await schedulerBench(t)
  faults.fail('source.probe', { error: LOCKED })
  await tick()
  await until(() => lines.length === 2)
  assert.deepEqual(lines[1], {
    level: 'error',
    message: 'scheduled backup failed: locked',
    facts: {
      source: 'shop',
      code: 'SOURCE_LOCKED',
      hint: undefined,
      nextAttemptAt: (await runs())[0]?.nextAttemptAt?.toISOString()
    }
  })
  await tick()
  assert.deepEqual(await scheduled(), [1])
  clock.move(INTERVAL)
  await tick()
  assert.deepEqual(await scheduled(), [1, 2])
})

test('a run that cannot be recorded is told, and tried again after a minute and a little more', async t => {
  const { faults, clock, tick, scheduled, lines } = await schedulerBench(t)
  faults.fail('jobs.add', { error: BUSY })
  await tick()
  clock.move(59_999)
  await tick()
  assert.deepEqual([await scheduled(), lines.map(({ level }) => level)], [[], ['error']])
  clock.move(6001)
  await tick()
  assert.deepEqual(await scheduled(), [1])
})

test('where nobody can tell what is due that is told, and the next look is as ever', async t => {
  const { faults, tick, scheduled, lines } = await schedulerBench(t)
  faults.fail('backups.statistics', { error: BUSY })
  await tick()
  assert.deepEqual(lines.map(({ level, message }) => [level, message]), [[
    'error',
    'the scheduler cannot determine the due runs: another process holds it'
  ]])
  await tick()
  assert.deepEqual(await scheduled(), [1])
})

test('between start and stop two tasks look what is due, and tidy up', async t => {
  const { scheduler, faults, lines, scheduled } = await schedulerBench(t)
  scheduler.start()
  const tasks = [...getTasks().values()]
  assert.deepEqual(tasks.map(({ name }) => name).toSorted(), ['due runs', 'housekeeping'])
  await tasks.find(({ name }) => name === 'due runs')!.execute()
  await until(async () => (await scheduled()).length === 1)
  await tasks.find(({ name }) => name === 'housekeeping')!.execute()
  faults.fail('backups.trashed', { error: BUSY })
  await tasks.find(({ name }) => name === 'housekeeping')!.execute()
  assert.deepEqual(lines.filter(({ level }) => level === 'warn').map(({ message }) => message), [
    'housekeeping failed and will be retried in a minute: another process holds it'
  ])
  await scheduler.stop()
  assert.equal(getTasks().size, 0)
  await scheduler.stop()
})

test('when the service stops a run that was due is told, and not made', async t => {
  const { deps, tick, scheduled, lines } = await schedulerBench(t)
  await deps.runner.stop(0)
  await tick()
  assert.deepEqual([await scheduled(), lines.length], [[], 1])
  await rejectsWith(
    'SHUTTING_DOWN',
    deps.runner.start({ kind: 'prune', source: null, backupId: null, locks: [] }, async () => {})
  )
})
