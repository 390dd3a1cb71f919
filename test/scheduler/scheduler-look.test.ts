import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Engine } from '../../src/engine/engine.ts'
import { schedulerBench, type Bench } from '../support/scheduler/scheduler.ts'
import { Scheduler } from '../../src/scheduler/scheduler.ts'

const HOUR = 3_600_000
const HOURLY = { schedule: { rules: [{ name: 'hourly', tier: null, pattern: '15 * * * *' }], timeZone: 'UTC' } }

interface Counted extends Bench {
  /** How often the scheduler has read the state of the sources. */
  looks(): number
  /** A look, and the end of all that it began. */
  look(): Promise<void>
  /** Looks until the scheduler has recorded its rules. */
  settle(): Promise<void>
}

/** A scheduler whose reads of the sources are counted. The clock stands at 23:30. */
async function counted (t: TestContext, policy: object): Promise<Counted> {
  const base = await schedulerBench(t, { policies: { shop: policy } })
  let looks = 0
  const { engine: inner, deps, clock } = base
  const engine: Engine = {
    ...inner,
    sources: () => {
      looks++
      return inner.sources()
    }
  }
  const scheduler = new Scheduler({
    engine,
    runs: deps.catalog.runs,
    version: () => deps.catalog.version(),
    calendar: deps.calendar,
    housekeep: () => Promise.resolve(),
    events: deps.events,
    clock,
    logger: { debug () {}, info () {}, warn () {}, error () {} },
    prune: null,
    jitterMs: 0
  })
  base.bus.subscribe(scheduler.listener)
  const look = async (): Promise<void> => {
    await scheduler.look()
    await scheduler.settled()
  }
  return {
    ...base,
    scheduler,
    looks: () => looks,
    look,
    async settle () {
      for (let round = 0; round < 2; round++) {
        await look()
        clock.move(5000)
      }
      await look()
    }
  }
}

test('while nothing is due the sources are not read again', async t => {
  const { clock, look, looks, settle } = await counted(t, HOURLY)
  await settle()
  const before = looks()
  for (let second = 0; second < 600; second++) {
    clock.move(1000)
    await look()
  }
  assert.equal(looks(), before)
})

test('a run begins at the second at which it is due, after a long time without any', async t => {
  const { clock, look, scheduled } = await counted(t, HOURLY)
  await look()
  clock.move(45 * 60_000 - 2000)
  await look()
  assert.equal((await scheduled()).length, 0)
  clock.move(2000)
  await look()
  assert.equal((await scheduled()).length, 1)
})

test('settings that change take effect at the next look', async t => {
  const { clock, look, engine, scheduled } = await counted(t, { interval: HOUR })
  await engine.changeSettings({ autoBackupEnabled: false })
  await look()
  await look()
  await engine.changeSettings({ autoBackupEnabled: true })
  clock.move(1000)
  await look()
  assert.equal((await scheduled()).length, 1)
})

test('a change of the catalog by another process takes effect within five seconds', async t => {
  const { clock, deps, look, looks, settle } = await counted(t, HOURLY)
  await settle()
  const before = looks()
  await deps.catalog.settings.save({ maxBackups: 3 }, clock.now())
  clock.move(5000)
  await look()
  assert.equal(looks(), before + 1)
})

test('a clock that is set back to before the last look is noticed at once', async t => {
  const { clock, look, looks, settle } = await counted(t, HOURLY)
  await settle()
  const before = looks()
  clock.move(-20_000)
  await look()
  assert.equal(looks(), before + 1)
})

test('the interval counts from the run that has just ended', async t => {
  const { clock, look, scheduled } = await counted(t, { interval: 2000 })
  for (let second = 0; second < 20; second++) {
    await look()
    clock.move(1000)
  }
  assert.equal((await scheduled()).length, 10)
})
