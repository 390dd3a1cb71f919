import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../src/core/errors.ts'
import type { Run } from '../../src/core/schedule/run.ts'
import type { CalendarRule } from '../../src/core/schedule/schedule.ts'
import { sourceLock } from '../../src/engine/jobs/locks.ts'
import { running } from '../support/engine/endless-job.ts'
import { MemorySource } from '../support/sources/memory-source.ts'
import { rejectsWith } from '../support/rejects.ts'
import { schedulerBench } from '../support/scheduler/scheduler.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const LOCKED = new BackupError('SOURCE_LOCKED', 'locked')
const MISSING_RIGHT = new BackupError('SOURCE_UNREADABLE', 'no right to read it')
const BUSY = new BackupError('CATALOG_BUSY', 'another process holds it')

const DAILY: CalendarRule = { name: 'daily', tier: 'daily', pattern: '0 3 * * *' }
const WEEKLY: CalendarRule = { name: 'weekly', tier: 'weekly', pattern: '0 3 * * 0' }
const HOURLY: CalendarRule = { name: 'hourly', tier: 'hourly', pattern: '0 * * * *' }
const PRUNE = { pattern: '30 4 * * *', timeZone: 'UTC' }

/** A source with these rules and no interval. The clock stands at 23:30 on Monday, 24 November 2025. */
function only (...rules: CalendarRule[]) {
  return { policies: { shop: { schedule: { rules, timeZone: 'UTC' } } } }
}

function told (runs: readonly Run[]): string[] {
  return runs.map(({ rule, dueAt, status, attempts, backupId }) =>
    `${rule} ${dueAt.toISOString().slice(8, 16)} ${status} ${attempts} ${backupId ?? '-'}`
  )
}

test('a run at its time ends as done, with its backup, which belongs to the tier', async t => {
  const { engine, clock, tick, runs, events } = await schedulerBench(t, only(DAILY))
  await tick()
  assert.deepEqual(await runs(), [])
  clock.move(3.5 * HOUR)
  await tick()
  await tick()
  assert.deepEqual(told(await runs()), ['daily 25T03:00 done 1 1'])
  const backup = await engine.backup(1)
  assert.deepEqual([backup.type, backup.schedule], ['scheduled', 'daily'])
  assert.deepEqual(events.flatMap(event => event.type === 'run.ended' ? [event.run] : []), await runs())
})

test('what was missed while the service was down is made up for once, and each older run has its row', async t => {
  const { clock, tick, runs, scheduled } = await schedulerBench(t, only(DAILY))
  await tick()
  clock.move(3 * DAY)
  await tick()
  assert.deepEqual(told(await runs()), [
    'daily 25T03:00 skipped 0 -',
    'daily 26T03:00 skipped 0 -',
    'daily 27T03:00 done 1 1'
  ])
  assert.equal(
    (await runs())[0]?.reason,
    'missed; caught up by the run due at 2025-11-27T03:00:00.000Z'
  )
  assert.deepEqual(await scheduled(), [1])
})

test('rules of one source that are due together make one backup, of the highest tier', async t => {
  const { engine, clock, tick, runs } = await schedulerBench(t, only(HOURLY, DAILY, WEEKLY))
  await tick()
  clock.move(5 * DAY + 3.5 * HOUR)
  await tick()
  const newest = (await runs()).filter(({ dueAt }) => dueAt.toISOString() === '2025-11-30T03:00:00.000Z')
  assert.deepEqual(newest.map(({ rule, status, reason }) => [rule, status, reason]).toSorted(), [
    ['daily', 'skipped', 'replaced by the run of "weekly" due at 2025-11-30T03:00:00.000Z'],
    ['hourly', 'skipped', 'replaced by the run of "weekly" due at 2025-11-30T03:00:00.000Z'],
    ['weekly', 'done', null]
  ])
  assert.deepEqual((await engine.backups({ limit: 9 })).backups.map(({ schedule }) => schedule), ['weekly'])
})

test('a rule of a higher tier that falls due while a lower one runs is begun after it', async t => {
  const { faults, clock, tick, scheduler, runs } = await schedulerBench(t, only(HOURLY, DAILY))
  await tick()
  clock.move(2.5 * HOUR)
  const pause = faults.pause('source.probe')
  await scheduler.tick()
  await pause.reached
  clock.move(HOUR)
  await scheduler.tick()
  assert.deepEqual(told(await runs()).slice(2), [
    'hourly 25T02:00 running 1 -',
    'hourly 25T03:00 skipped 0 -',
    'daily 25T03:00 waiting 0 -'
  ])
  pause.go()
  await scheduler.settled()
  await tick()
  assert.deepEqual(told(await runs()).slice(2), [
    'hourly 25T02:00 done 1 1',
    'hourly 25T03:00 skipped 0 -',
    'daily 25T03:00 done 1 2'
  ])
})

test('a run waits for a manual backup, or for another process, and is skipped when the next of its rule is due', async t => {
  const { deps, clock, tick, scheduler, runs, lines } = await schedulerBench(t, only(HOURLY))
  await tick()
  const claim = await deps.runner.locks.lock([sourceLock('shop')])
  for (const pause of [HOUR / 2, HOUR / 2, HOUR / 2, HOUR / 2]) {
    clock.move(pause)
    await scheduler.tick()
  }
  await claim.release()
  await tick()
  assert.deepEqual(told(await runs()), ['hourly 25T00:00 skipped 0 -', 'hourly 25T01:00 done 1 1'])
  assert.deepEqual(lines.filter(({ level }) => level === 'error'), [])
})

test('a run that comes second by a moment waits, and that is no attempt', async t => {
  const { faults, clock, tick, runs, lines } = await schedulerBench(t, only(HOURLY))
  await tick()
  clock.move(HOUR / 2)
  faults.fail('jobs.add', { error: new BackupError('BACKUP_IN_PROGRESS', 'another job is at work') })
  await tick()
  assert.deepEqual(told(await runs()), ['hourly 25T00:00 waiting 0 -'])
  await tick()
  assert.deepEqual(told(await runs()), ['hourly 25T00:00 done 1 1'])
  assert.deepEqual(lines[0], {
    level: 'info',
    message: 'scheduled backup is waiting: another job is at work',
    facts: { source: 'shop', code: 'BACKUP_IN_PROGRESS' }
  })
})

test('a failure that a retry can help is tried again after growing pauses, at most five times', async t => {
  const { faults, clock, tick, runs } = await schedulerBench(t, only(DAILY))
  await tick()
  clock.move(3.5 * HOUR)
  for (const [attempt, pause] of [1, 5, 15, 60, 600].entries()) {
    faults.fail('source.probe', { error: LOCKED })
    await tick()
    const [run] = await runs()
    assert.deepEqual([run?.attempts, run?.status, run?.backupId, run?.errorCode, run?.reason], [
      attempt + 1,
      attempt < 4 ? 'waiting' : 'failed',
      attempt + 1,
      'SOURCE_LOCKED',
      'locked'
    ])
    clock.move(pause * MINUTE - 1)
    await tick()
    assert.equal((await runs())[0]?.attempts, attempt + 1)
    clock.move(pause * MINUTE / 10 + 1)
  }
  await tick()
  assert.deepEqual(told(await runs()), ['daily 25T03:00 failed 5 5'])
})

test('a failure that no retry can help is the end of its run', async t => {
  const { faults, clock, tick, runs } = await schedulerBench(t, only(DAILY))
  await tick()
  clock.move(3.5 * HOUR)
  faults.fail('source.probe', { error: MISSING_RIGHT })
  await tick()
  assert.deepEqual((await runs()).map(({ status, errorCode, reason }) => [status, errorCode, reason]), [[
    'failed',
    'SOURCE_UNREADABLE',
    'no right to read it'
  ]])
})

test('a run that was to be tried again is failed when the next of its rule is due', async t => {
  const { faults, clock, tick, runs } = await schedulerBench(t, only(HOURLY))
  await tick()
  clock.move(HOUR / 2)
  faults.fail('source.probe', { error: LOCKED })
  await tick()
  clock.move(HOUR)
  await tick()
  assert.deepEqual(told(await runs()), ['hourly 25T00:00 failed 1 1', 'hourly 25T01:00 done 1 2'])
})

test('what is switched off and on again catches nothing up', async t => {
  const { engine, clock, tick, runs } = await schedulerBench(t, only(DAILY))
  await tick()
  await engine.changeSettings({ autoBackupEnabled: false })
  await tick()
  clock.move(2 * DAY)
  await engine.changeSettings({ autoBackupEnabled: true })
  await tick()
  assert.deepEqual(await runs(), [])
  clock.move(DAY)
  await tick()
  assert.deepEqual(told(await runs()), ['daily 27T03:00 done 1 1'])
})

test('what waits when it is switched off is skipped', async t => {
  const { engine, faults, clock, tick, runs } = await schedulerBench(t, only(DAILY))
  await tick()
  clock.move(3.5 * HOUR)
  faults.fail('source.probe', { error: LOCKED })
  await tick()
  await engine.changeSettings({ autoBackupEnabled: false })
  await tick()
  assert.deepEqual((await runs()).map(({ status, reason }) => [status, reason]), [[
    'failed',
    'locked; its rule was removed or changed'
  ]])
})

test('a clock that ran ahead and is set back keeps no run from its time', async t => {
  const { clock, tick, runs, lines } = await schedulerBench(t, only(DAILY))
  await tick()
  clock.move(30 * DAY)
  await tick()
  clock.move(-30 * DAY)
  await tick()
  assert.deepEqual(await runs(), [])
  assert.equal(lines.at(-1)?.message, 'the clock was set back: runs dated in the future were removed')
  clock.move(3.5 * HOUR)
  await tick()
  assert.deepEqual(told(await runs()), ['daily 25T03:00 done 1 2'])
})

test('a clock that is put right by minutes doubles nothing', async t => {
  const { clock, tick, runs } = await schedulerBench(t, only(DAILY))
  await tick()
  clock.move(3.5 * HOUR + MINUTE)
  await tick()
  for (const move of [-5 * MINUTE, 5 * MINUTE, 5 * MINUTE]) {
    clock.move(move)
    await tick()
  }
  assert.deepEqual(told(await runs()), ['daily 25T03:00 done 1 1'])
})

test('each source begins after a delay of its own, and keeps the time that was due', async t => {
  const sources = ['shop', 'bank'].map(name => new MemorySource(name))
  const schedule = { rules: [DAILY], timeZone: 'UTC' }
  const { clock, tick, runs } = await schedulerBench(t, {
    sources,
    policies: { shop: { schedule }, bank: { schedule } }
  }, { jitterMs: HOUR })
  await tick()
  clock.move(3.5 * HOUR)
  await tick()
  const delays = (await runs()).map(({ nextAttemptAt }) => nextAttemptAt!.getTime() - clock.now().getTime())
  assert.notEqual(delays[0], delays[1])
  assert.ok(delays.every(delay => delay > 0 && delay < HOUR))
  clock.move(Math.max(...delays))
  await tick()
  assert.deepEqual(told(await runs()), ['daily 25T03:00 done 1 1', 'daily 25T03:00 done 1 2'])
})

test('the prune is a run of its own, whether or not backups are made by themselves', async t => {
  const { engine, clock, tick, runs, lines } = await schedulerBench(t, { settings: { autoBackupEnabled: false } }, {
    prune: PRUNE
  })
  await tick()
  clock.move(2 * DAY)
  await tick()
  assert.deepEqual(told(await runs()), ['prune 25T04:30 skipped 0 -', 'prune 26T04:30 done 1 -'])
  assert.deepEqual((await engine.jobs({ limit: 9 })).jobs.map(({ kind }) => kind), ['prune'])
  assert.deepEqual(lines.map(({ message }) => message), ['scheduled prune started', 'scheduled prune completed'])
})

test('what is due and cannot be written down is due at the next look', async t => {
  const { faults, clock, tick, runs, lines } = await schedulerBench(t, only(DAILY))
  await tick()
  clock.move(3.5 * HOUR)
  faults.fail('runs.record', { error: BUSY })
  await tick()
  assert.deepEqual([await runs(), lines.at(-1)?.message], [
    [],
    'the scheduler cannot determine the due runs: another process holds it'
  ])
  await tick()
  assert.deepEqual(told(await runs()), ['daily 25T03:00 done 1 1'])
})

test('a scheduled backup is put in line also where callers have filled it, and comes before theirs', async t => {
  const { engine, deps, clock, scheduler, runs } = await schedulerBench(t, {
    ...only(DAILY),
    maxConcurrent: 1,
    maxQueued: { all: 1, perSource: 1 }
  })
  await scheduler.tick()
  const request = { kind: 'verify', source: 'shop', backupId: null, locks: [] } as const
  const first = await running(deps.runner, 'shop')
  const waiting = await deps.runner.start(request, async () => (await engine.backup(1)).status)
  await rejectsWith('QUEUE_FULL', deps.runner.start(request, async () => {}))
  clock.move(3.5 * HOUR)
  await scheduler.tick()
  await engine.cancel(first.job.id)
  await scheduler.settled()
  assert.deepEqual([told(await runs()), await waiting.result], [['daily 25T03:00 done 1 1'], 'completed'])
})
