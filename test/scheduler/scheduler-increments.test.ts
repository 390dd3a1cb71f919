import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../src/core/errors.ts'
import type { CalendarRule } from '../../src/core/schedule/schedule.ts'
import { GrowingSource } from '../support/sources/growing-source.ts'
import { schedulerBench, type Bench } from '../support/scheduler/scheduler.ts'

const HOUR = 3_600_000
const HOURLY: CalendarRule = { name: 'hourly', tier: 'hourly', pattern: '0 * * * *', method: 'incremental' }
const DAILY: CalendarRule = { name: 'daily', tier: 'daily', pattern: '0 2 * * *' }
const WEEKLY: CalendarRule = { name: 'weekly', tier: 'weekly', pattern: '0 2 * * 2', method: 'incremental' }

/** A source with these rules; the clock is at 23:30 on Monday, 24 November 2025. */
function only (...rules: CalendarRule[]) {
  return {
    sources: [new GrowingSource('notes')],
    policies: { notes: { schedule: { rules, timeZone: 'UTC' } } },
    settings: { maxBackups: 100 }
  }
}

async function made ({ engine }: Bench): Promise<ReadonlyArray<readonly [string | null, string]>> {
  return (await engine.backups({ status: 'completed', limit: 100 })).backups.toReversed().map(({ schedule, method }) =>
    [schedule, method] as const
  )
}

test('each rule makes backups by its method, and one that makes full backups wins where several are due', async t => {
  const bench = await schedulerBench(t, only(HOURLY, DAILY, WEEKLY))
  await bench.tick()
  for (let hour = 0; hour < 4; hour++) {
    bench.clock.move(HOUR)
    await bench.tick()
  }
  assert.deepEqual(await made(bench), [
    ['hourly', 'full'],
    ['hourly', 'incremental'],
    ['weekly', 'full'],
    ['hourly', 'incremental']
  ])
  assert.deepEqual(
    (await bench.runs()).filter(({ status }) => status === 'done').map(({ rule, method }) => [rule, method]),
    [['hourly', 'incremental'], ['hourly', 'incremental'], ['weekly', 'full'], ['hourly', 'incremental']]
  )
})

test('the next attempt of a run that stood for one with a full backup makes a full backup, too', async t => {
  const bench = await schedulerBench(t, only(DAILY, WEEKLY))
  await bench.create()
  await bench.tick()
  bench.clock.move(3 * HOUR)
  bench.faults.fail('source.probe', { error: new BackupError('SOURCE_LOCKED', 'locked') })
  await bench.tick()
  assert.deepEqual((await bench.runs()).map(({ rule, status, method }) => [rule, status, method]).toSorted(), [
    ['daily', 'skipped', 'full'],
    ['weekly', 'waiting', 'full']
  ])
  bench.clock.move(HOUR)
  await bench.tick()
  assert.deepEqual((await made(bench)).at(-1), ['weekly', 'full'])
})
