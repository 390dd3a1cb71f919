import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../src/core/errors.ts'
import type { Run } from '../../src/core/schedule/run.ts'
import type { Faults, Pause } from '../support/faults.ts'
import { schedulerBench } from '../support/scheduler/scheduler.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const LOCKED = new BackupError('SOURCE_LOCKED', 'locked')
const BUSY = new BackupError('CATALOG_BUSY', 'another process holds it')
const PRUNE = { pattern: '30 4 * * *', timeZone: 'UTC' }
/** A source with one rule and no interval. The clock stands at 23:30 on Monday, 24 November 2025. */
const DAILY = {
  policies: { shop: { schedule: { rules: [{ name: 'daily', tier: 'daily', pattern: '0 3 * * *' }], timeZone: 'UTC' } } }
} as const

function told (runs: readonly Run[]): string[] {
  return runs.map(({ rule, dueAt, status, attempts, backupId }) =>
    `${rule} ${dueAt.toISOString().slice(8, 16)} ${status} ${attempts} ${backupId ?? '-'}`
  )
}

/**
 * Lets the next write that ends a run fail, as where the service ends before it: by the book the run is under way for
 * ever.
 */
function losesTheEnd (faults: Faults): void {
  faults.meanwhile('runs.change', () => {
    faults.fail('runs.change', { error: BUSY })
  })
}

test('after a crash a run whose backup completed is done', async t => {
  const { faults, clock, tick, restart, runs } = await schedulerBench(t, DAILY)
  await tick()
  clock.move(3.5 * HOUR)
  losesTheEnd(faults)
  await tick()
  assert.deepEqual(told(await runs()), ['daily 25T03:00 running 1 -'])
  await restart().tick()
  assert.deepEqual(told(await runs()), ['daily 25T03:00 done 1 1'])
})

test('after a crash a run whose backup failed goes by how that failed', async t => {
  const { faults, clock, tick, restart, runs } = await schedulerBench(t, DAILY)
  await tick()
  clock.move(3.5 * HOUR)
  losesTheEnd(faults)
  faults.fail('source.probe', { error: LOCKED })
  await tick()
  const second = restart()
  await second.tick()
  assert.deepEqual((await runs()).map(({ status, errorCode, backupId }) => [status, errorCode, backupId]), [[
    'waiting',
    'SOURCE_LOCKED',
    1
  ]])
  clock.move(2 * MINUTE)
  await second.tick()
  await second.settled()
  assert.deepEqual(told(await runs()), ['daily 25T03:00 done 2 2'])
})

test('after a crash a run that had no backup yet is tried again, and given up when the next is due', async t => {
  const { faults, clock, tick, runs } = await schedulerBench(t, DAILY)
  await tick()
  clock.move(3.5 * HOUR)
  faults.fail('runs.change', { error: BUSY, when: 'after' })
  await tick()
  assert.deepEqual(told(await runs()), ['daily 25T03:00 running 1 -'])
  clock.move(DAY)
  await tick()
  assert.deepEqual(told(await runs()), ['daily 25T03:00 failed 1 -', 'daily 26T03:00 done 1 1'])
  assert.deepEqual((await runs()).map(({ errorCode }) => errorCode), ['INTERRUPTED', null])
})

test('a run whose backup nobody has decided on yet stays as it is', async t => {
  const { faults, clock, scheduler, tick, restart, runs } = await schedulerBench(t, DAILY)
  await tick()
  clock.move(3.5 * HOUR)
  const pause = faults.pause('source.probe')
  await scheduler.tick()
  await pause.reached
  await restart().tick()
  assert.deepEqual(told(await runs()), ['daily 25T03:00 running 1 -'])
  pause.go()
  await scheduler.settled()
  assert.deepEqual(told(await runs()), ['daily 25T03:00 done 1 1'])
})

test('a run that has ended, and is being written down, is not taken for lost', async t => {
  const { faults, clock, scheduler, tick, runs, events, lines } = await schedulerBench(t, DAILY)
  await tick()
  clock.move(3.5 * HOUR)
  const reached = Promise.withResolvers<Pause>()
  faults.meanwhile('runs.change', () => {
    reached.resolve(faults.pause('runs.change'))
  })
  await scheduler.tick()
  const pause = await reached.promise
  await pause.reached
  await scheduler.tick()
  assert.deepEqual(told(await runs()), ['daily 25T03:00 running 1 -'])
  pause.go()
  await scheduler.settled()
  assert.deepEqual(told(await runs()), ['daily 25T03:00 done 1 1'])
  assert.equal(events.filter(({ type }) => type === 'run.ended').length, 1)
  assert.deepEqual(lines.map(({ level }) => level), ['info', 'info'])
})

test('when the service stops a run that is under way waits for the next start', async t => {
  const { deps, faults, clock, scheduler, tick, runs } = await schedulerBench(t, DAILY)
  await tick()
  clock.move(3.5 * HOUR)
  const pause = faults.pause('source.snapshot')
  await scheduler.tick()
  await pause.reached
  const stopped = deps.runner.stop(0)
  clock.move(0)
  pause.go()
  await stopped
  await scheduler.settled()
  assert.deepEqual(told(await runs()), ['daily 25T03:00 waiting 0 -'])
})

test('a prune that was under way when the service ended is tried again', async t => {
  const { faults, clock, tick, restart, runs } = await schedulerBench(t, { settings: { autoBackupEnabled: false } }, {
    prune: PRUNE
  })
  await tick()
  clock.move(6 * HOUR)
  losesTheEnd(faults)
  await tick()
  await restart().tick()
  assert.deepEqual((await runs()).map(({ status, errorCode }) => [status, errorCode]), [['waiting', 'INTERRUPTED']])
  clock.move(2 * MINUTE)
  await tick()
  assert.deepEqual(told(await runs()), ['prune 25T04:30 done 2 -'])
})
