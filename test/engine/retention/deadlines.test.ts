import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { SourceOverrides } from '../../../src/core/schedule/policy.ts'
import type { CalendarRule } from '../../../src/core/schedule/schedule.ts'
import { freshSince, rulesInForce } from '../../../src/engine/retention/deadlines.ts'
import { SETTINGS, testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { aRule, changes } from '../../support/builders/run.ts'

const HOUR = 3_600_000
const DAILY: CalendarRule = { name: 'daily', tier: 'daily', pattern: '0 3 * * *' }
const HOURLY: CalendarRule = { name: 'hourly', tier: 'hourly', pattern: '15 * * * *' }

/** An engine whose source has this policy. The clock stands at 23:30 on 24 November 2025. */
async function engineOf (
  t: TestContext,
  shop: SourceOverrides
): Promise<TestEngine & { due(): Promise<string | undefined>, next(): Promise<string | undefined> }> {
  const engine = await testEngine(t, { policies: { shop } })
  return {
    ...engine,
    due: async () => {
      const chosen = engine.deps.sources.get('shop')!
      return freshSince(engine.deps, chosen, engine.deps.settings.policyFor(chosen), await rulesInForce(engine.deps))
        ?.toISOString()
    },
    next: async () => (await engine.engine.source('shop')).nextRun?.toISOString()
  }
}

function schedule (rules: readonly CalendarRule[], timeZone = 'UTC'): SourceOverrides {
  return { schedule: { rules, timeZone } }
}

test('the next run is the first that any rule names, in the zone of the schedule', async t => {
  assert.equal(await (await engineOf(t, schedule([DAILY]))).next(), '2025-11-25T03:00:00.000Z')
  assert.equal(await (await engineOf(t, schedule([DAILY, HOURLY]))).next(), '2025-11-25T00:15:00.000Z')
  assert.equal(await (await engineOf(t, schedule([DAILY], 'Europe/Vienna'))).next(), '2025-11-25T02:00:00.000Z')
})

test('a source with a schedule and an interval has the earlier of both as its next run', async t => {
  const { create, next } = await engineOf(t, { ...schedule([DAILY]), interval: HOUR })
  await create({ type: 'scheduled' })
  assert.equal(await next(), '2025-11-25T00:30:01.000Z')
})

test('where no backups are made by themselves there is no next run, and none is asked for', async t => {
  const { next, due } = await engineOf(t, { ...schedule([DAILY]), enabled: false })
  assert.deepEqual([await next(), await due()], [undefined, undefined])
})

test('a backup is asked for since the newest time of any rule that is an hour past', async t => {
  assert.equal(await (await engineOf(t, schedule([DAILY]))).due(), '2025-11-24T03:00:00.000Z')
  const { clock, due } = await engineOf(t, schedule([DAILY, HOURLY]))
  assert.equal(await due(), '2025-11-24T22:15:00.000Z')
  clock.move(HOUR * 3 / 4 - 1)
  assert.equal(await due(), '2025-11-24T22:15:00.000Z')
  clock.move(1)
  assert.equal(await due(), '2025-11-24T23:15:00.000Z')
})

test('nothing is asked of a rule before its first time is an hour past', async t => {
  const { deps, clock, due } = await engineOf(t, schedule([DAILY]))
  await deps.catalog.runs.record(changes({ rules: [aRule({ since: clock.now() })] }))
  assert.equal(await due(), undefined)
  clock.move(4.5 * HOUR)
  assert.equal(await due(), '2025-11-25T03:00:00.000Z')
})

test('an interval asks for a backup within it and an hour, or within two where it is shorter', async t => {
  const { deps, clock, due } = await engineOf(t, {})
  assert.equal(await due(), new Date(clock.now().getTime() - 2 * SETTINGS.autoBackupInterval).toISOString())
  const { due: weekly } = await engineOf(t, { interval: 168 * HOUR })
  assert.equal(await weekly(), new Date(clock.now().getTime() - 169 * HOUR).toISOString())
  await deps.catalog.runs.record(
    changes({ rules: [aRule({ rule: 'interval', since: new Date(clock.now().getTime() - HOUR) })] })
  )
  assert.equal(await due(), undefined)
})

test('nothing is asked of a rule that was switched on this moment, where others were planned before', async t => {
  const { deps, due } = await engineOf(t, schedule([DAILY]))
  await deps.catalog.runs.record(
    changes({ rules: [aRule({ kind: 'prune', source: null, rule: 'prune', since: new Date(0) })] })
  )
  assert.equal(await due(), undefined)
})
