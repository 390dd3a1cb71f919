import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { OpenedCatalog } from '../../src/catalog/index.ts'
import type { AlertFacts, AlertLimits, SourceFacts } from '../../src/core/alert/alert.ts'
import { BackupError } from '../../src/core/errors.ts'
import { EventBus } from '../../src/core/event.ts'
import type { Space } from '../../src/core/ports/store.ts'
import { AlertWatch } from '../../src/monitoring/alerts.ts'
import { newCatalog, open, START } from '../support/catalog/catalog.ts'
import type { FakeClock } from '../support/fake-clock.ts'
import { until } from '../support/streams.ts'

const LIMITS: AlertLimits = { maxAge: 0, sizeChange: 20, diskFree: 20, minBackups: 0 }
const FINE: SourceFacts = {
  name: 'shop',
  freshSince: null,
  provenSince: null,
  isAutomationUnset: false,
  isMissing: false,
  drills: { lastProven: null, failed: null },
  copies: [],
  hookError: null,
  overLimit: null,
  lastSuccess: START,
  lastFailure: null,
  newestGood: START,
  good: 1,
  damaged: [],
  unproven: null,
  suspects: [],
  sizes: []
}
const FAILED: SourceFacts = {
  ...FINE,
  lastFailure: { at: new Date(START.getTime() + 1), code: 'SOURCE_MISSING', message: 'gone' }
}

interface Bench {
  readonly watch: AlertWatch
  readonly events: EventBus
  /** What was told, in order: events by type and rule, and lines of the log by level and rule. */
  readonly told: string[]
  /** What the next look will find. */
  readonly world: {
    sources: readonly SourceFacts[]
    space: () => Promise<Space | undefined>
    error: Error | undefined
    looks: number
  }
}

function bench (catalog: OpenedCatalog, clock: FakeClock): Bench {
  const told: string[] = []
  const events = new EventBus(error => {
    throw error
  })
  events.subscribe(event => {
    if (event.type === 'alert.raised' || event.type === 'alert.cleared') told.push(`${event.type} ${event.alert.rule}`)
  })
  const line = (level: string) => (facts: object) => {
    told.push(`${level} ${'alert' in facts ? String(facts.alert) : 'code' in facts ? String(facts.code) : ''}`)
  }
  const world: Bench['world'] = {
    sources: [FINE],
    space: async () => ({ free: 50, total: 100 }),
    error: undefined,
    looks: 0
  }
  const facts = async (): Promise<Omit<AlertFacts, 'store'>> => {
    world.looks++
    if (world.error !== undefined) throw world.error
    const prune = { lastDone: null, freshSince: null, failure: null }
    return { sources: world.sources, prune, refused: [], catalogDamage: undefined, keys: [], notices: [] }
  }
  const watch = new AlertWatch({
    facts,
    store: { name: 'local', space: () => world.space() },
    alerts: catalog.alerts,
    limits: LIMITS,
    events,
    clock,
    logger: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
  })
  events.subscribe(watch.listener)
  return { watch, events, told, world }
}

/** A watch that runs, and is stopped after the test. */
async function running (t: TestContext): Promise<
  Bench & { readonly clock: FakeClock, readonly looked: (times: number) => Promise<void> }
> {
  const { catalog, clock } = await newCatalog(t)
  const made = bench(catalog, clock)
  made.watch.start()
  t.after(() => made.watch.stop())
  return {
    ...made,
    clock,
    looked: async times => {
      await until(() => made.world.looks === times)
    }
  }
}

test('an alert is raised once and cleared once, each with an event and a line in the log', async t => {
  const { catalog, clock } = await newCatalog(t)
  const { watch, told, world } = bench(catalog, clock)
  world.sources = [FAILED]
  await watch.look()
  await watch.look()
  assert.deepEqual(told.splice(0), ['warn backup_failed', 'alert.raised backup_failed'])
  world.sources = [FINE]
  await watch.look()
  await watch.look()
  assert.deepEqual(told.splice(0), ['info backup_failed', 'alert.cleared backup_failed'])
  world.sources = [FAILED]
  await watch.look()
  assert.deepEqual(told, ['warn backup_failed', 'alert.raised backup_failed'])
})

test('an alert that still holds after a restart is not raised again, and one that ended meanwhile is cleared', async t => {
  const { catalog, path, clock } = await newCatalog(t)
  const first = bench(catalog, clock)
  first.world.sources = [FAILED]
  await first.watch.look()
  await catalog.close()

  const again = await open(path)
  const second = bench(again, clock)
  second.world.sources = [FAILED]
  await second.watch.look()
  assert.deepEqual(second.told, [])
  await again.close()

  const last = await open(path)
  t.after(() => last.close())
  const third = bench(last, clock)
  await third.watch.look()
  assert.deepEqual(third.told, ['info backup_failed', 'alert.cleared backup_failed'])
})

test('figures that change are told by the open alert, and nothing is written while they do not', async t => {
  const { catalog, clock } = await newCatalog(t)
  const { watch, told, world } = bench(catalog, clock)
  world.space = async () => ({ free: 15, total: 100 })
  await watch.look()
  const version = catalog.version()
  await watch.look()
  assert.equal(catalog.version(), version)
  world.space = async () => ({ free: 10, total: 100 })
  await watch.look()
  assert.match((await catalog.alerts.open())[0]!.message, /^10 %/)
  assert.deepEqual(told, ['warn disk_low', 'alert.raised disk_low'])
})

test('a disk at the limit raises one alert, however often it goes over it and back', async t => {
  const { catalog, clock } = await newCatalog(t)
  const { watch, told, world } = bench(catalog, clock)
  for (const free of [19, 21, 19, 20, 21]) {
    world.space = async () => ({ free, total: 100 })
    await watch.look()
  }
  assert.deepEqual(told.splice(0), ['warn disk_low', 'alert.raised disk_low'])
  world.space = async () => ({ free: 22, total: 100 })
  await watch.look()
  assert.deepEqual(told, ['info disk_low', 'alert.cleared disk_low'])
})

test('facts that cannot be read leave the alerts as they are, and are complained of once', async t => {
  const { catalog, clock } = await newCatalog(t)
  const { watch, told, world } = bench(catalog, clock)
  world.sources = [FAILED]
  await watch.look()
  told.length = 0
  world.error = new BackupError('CATALOG_BUSY', 'another process holds it')
  await watch.look()
  await watch.look()
  assert.deepEqual(told.splice(0), ['error CATALOG_BUSY'])
  assert.equal((await catalog.alerts.open()).length, 1)
  world.error = undefined
  await watch.look()
  world.error = new BackupError('CATALOG_BUSY', 'again')
  await watch.look()
  assert.deepEqual(told, ['error CATALOG_BUSY'])
})

test('a disk that hangs holds up no other rule', async t => {
  const { catalog, clock } = await newCatalog(t)
  const { watch, told, world } = bench(catalog, clock)
  world.space = () =>
    new Promise(() => {
      // never
    })
  world.sources = [FAILED]
  const look = watch.look()
  await until(() => world.looks === 1)
  clock.move(5000)
  await look
  assert.deepEqual(told, ['warn backup_failed', 'alert.raised backup_failed'])
})

test('the rules are looked at a little after the start, and then every minute', async t => {
  const { clock, world, looked } = await running(t)
  clock.move(9999)
  clock.move(1)
  await looked(1)
  for (const times of [2, 3, 4]) {
    await sleeping()
    clock.move(59_999)
    assert.equal(world.looks, times - 1)
    clock.move(1)
    await looked(times)
  }
})

test('an event that can change what is found is looked at without waiting, and no other is', async t => {
  const { events, world, looked } = await running(t)
  events.emit({ type: 'settings.changed' })
  await looked(1)
  await sleeping()
  events.emit({ type: 'operation.failed', operation: 'create', source: 'shop', method: null, code: 'DISK_FULL' })
  await sleeping()
  assert.equal(world.looks, 1)
})

test('looks never overlap, and events during one are followed by one more', async t => {
  const { events, world, clock, looked } = await running(t)
  const gate = Promise.withResolvers<Space>()
  world.space = () => gate.promise
  events.emit({ type: 'settings.changed' })
  await looked(1)
  for (let n = 0; n < 5; n++) {
    events.emit({ type: 'settings.changed' })
    await sleeping()
  }
  assert.equal(world.looks, 1)
  gate.resolve({ free: 50, total: 100 })
  await looked(2)
  await sleeping()
  assert.equal(world.looks, 2)
  clock.move(0)
})

test('a stop waits for the look under way, and no other begins', async t => {
  const { watch, events, world, looked } = await running(t)
  const gate = Promise.withResolvers<Space>()
  world.space = () => gate.promise
  events.emit({ type: 'settings.changed' })
  await looked(1)
  let isStopped = false
  const stopped = watch.stop().then(() => {
    isStopped = true
  })
  await sleeping()
  assert.equal(isStopped, false)
  gate.resolve({ free: 50, total: 100 })
  await stopped
  events.emit({ type: 'settings.changed' })
  await sleeping()
  assert.equal(world.looks, 1)
})

/** Lets everything go on that waits for nothing but its turn. */
async function sleeping (): Promise<void> {
  for (let n = 0; n < 20; n++) await new Promise(setImmediate)
}
