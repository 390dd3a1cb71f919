import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { BackupError } from '../../src/core/errors.ts'
import { openOffsite, performCopyTask } from '../../src/engine/replication/copy-task.ts'
import { surveyStore } from '../../src/engine/replication/survey-store.ts'
import { Copier } from '../../src/scheduler/copier.ts'
import { filesOf, testEngine, type TestEngine, type TestEngineOptions } from '../support/engine/engine.ts'
import { testOffsite, type TestOffsite } from '../support/stores/offsite.ts'
import { until } from '../support/streams.ts'

const DOWN = new BackupError('STORE_UNAVAILABLE', 'it is down')
const MINUTE = 60_000

interface Made extends TestEngine {
  readonly far: TestOffsite
  readonly lines: string[]
  /** How often the list of the work was read. */
  readonly reads: () => number
  /** Begins to copy; what the test leaves running is stopped. */
  readonly copier: () => Copier
}

async function make (
  t: TestContext,
  stores: Parameters<typeof testOffsite>[1] = { far: {} },
  options: TestEngineOptions = {}
): Promise<Made> {
  const far = await testOffsite(t, stores)
  const made = await testEngine(t, { offsite: far.offsite, ...options })
  const { deps, engine, clock } = made
  const lines: string[] = []
  let reads = 0
  const log = (_facts: object, line: string): void => {
    lines.push(line)
  }
  return {
    ...made,
    far,
    lines,
    reads: () => reads,
    copier () {
      const of = (name: string) => far.offsite.get(name)!
      const copier = new Copier({
        stores: [...far.offsite.keys()],
        work: store => {
          reads++
          return deps.catalog.copies.work(store)
        },
        task: (store, backupId) => deps.catalog.copies.task(store, backupId),
        open: (store, signal) => openOffsite(deps, of(store), signal),
        perform: (store, task, signal) => performCopyTask(deps, engine, of(store), task, signal),
        refuse: (store, { backupId }, { code, message }, nextAttemptAt) =>
          deps.catalog.copies.fail(backupId, store, { code, message, at: clock.now(), nextAttemptAt }),
        survey: (store, signal) => surveyStore(deps, of(store), signal),
        clock,
        logger: { debug: log, info: log, warn: log, error: log }
      })
      copier.start()
      t.after(() => copier.stop())
      return copier
    }
  }
}

async function statuses ({ engine }: Made, id: number): Promise<Record<string, string>> {
  return Object.fromEntries((await engine.backup(id)).copies.map(({ store, status }) => [store, status]))
}

/** Lets what is under way go on, and then moves the clock to the next instant that is waited for, until that holds. */
async function inTime ({ clock }: Made, holds: () => Promise<boolean> | boolean, limit = 100_000): Promise<number> {
  const startedAt = clock.now().getTime()
  for (let n = 0; !await holds(); n++) {
    assert.ok(n < limit, 'it never came to that')
    for (let turn = 0; turn < 20; turn++) {
      await new Promise(resolve => {
        setImmediate(resolve)
      })
    }
    clock.moveToNext()
  }
  return clock.now().getTime() - startedAt
}

test('what is promised is brought to every store by itself', async t => {
  const made = await make(t, { far: {}, near: {} })
  const backup = await made.create()
  made.copier()
  await inTime(
    made,
    async () =>
      (await statuses(made, backup.id))['far'] === 'stored' && (await statuses(made, backup.id))['near'] === 'stored'
  )
  assert.deepEqual([made.far.files('far'), made.far.files('near')], [filesOf(backup), filesOf(backup)])
})

test('a backup that is made meanwhile is copied at once, the newest first', async t => {
  const made = await make(t)
  const ids = [(await made.create()).id, (await made.create()).id, (await made.create()).id]
  made.copier()
  const order = (): number[] => made.events.flatMap(event => event.type === 'copy.stored' ? [event.backup.id] : [])
  await inTime(made, () => order().length === 3)
  assert.deepEqual(order(), ids.toReversed())
})

test('the list of the work is read once for many copies, and what became of one of them meanwhile is seen', async t => {
  const made = await make(t)
  const ids: number[] = []
  for (let n = 0; n < 8; n++) ids.push((await made.create()).id)
  const begin = made.deps.catalog.copies.begin.bind(made.deps.catalog.copies)
  made.deps.catalog.copies.begin = async (id, store) => {
    // The last of the list goes while the first is under way.
    if (id === ids.at(-1)) await made.deps.catalog.copies.drop(ids[0] ?? 0, 'far')
    await begin(id, store)
  }
  made.copier()
  await inTime(made, () => made.events.filter(({ type }) => type === 'copy.stored').length === 7)
  assert.deepEqual(Object.keys(await statuses(made, ids[0] ?? 0)), ['local'])
  assert.ok(made.reads() <= 3, String(made.reads()))
})

test('a store that is down is asked again later and later, once for all that waits, and hinders no other', async t => {
  const made = await make(t, { far: {}, near: {} })
  const ids = [(await made.create()).id, (await made.create()).id]
  for (let n = 0; n < 3; n++) made.far.faults.fail('far.put', { error: DOWN, on: /^shop/ })
  made.copier()
  const took = await inTime(made, async () => (await made.deps.catalog.copies.work('far')).length === 0)
  assert.ok(took >= 21 * MINUTE, `${took / MINUTE} minutes`)
  assert.deepEqual(
    await Promise.all(ids.map(id => statuses(made, id))),
    Array(2).fill({ far: 'stored', local: 'stored', near: 'stored' })
  )
  const near = made.events.findLastIndex(event => event.type === 'copy.stored' && event.store === 'near')
  const far = made.events.findIndex(event => event.type === 'copy.stored' && event.store === 'far')
  assert.ok(near < far)
  assert.equal(made.lines.filter(line => line.includes('the upload of a copy failed')).length, 1)
})

test('a store that cannot be opened says so with the copy that waits for it', async t => {
  const made = await make(t)
  const { id } = await made.create()
  made.far.faults.fail('far.open', { error: DOWN })
  made.copier()
  await inTime(made, async () => (await statuses(made, id))['far'] === 'failed')
  assert.deepEqual((await made.engine.backup(id)).copies[0]?.error, 'it is down')
  await inTime(made, async () => (await statuses(made, id))['far'] === 'stored')
})

test('one copy that cannot be made keeps none of the others', async t => {
  const made = await make(t)
  const [first, second] = [await made.create(), await made.create()]
  rmSync(join(made.directory, second.key))
  made.copier()
  await inTime(made, async () => (await statuses(made, first.id))['far'] === 'stored')
  assert.equal((await statuses(made, second.id))['far'], 'failed')
})

test('what was under way when the service ended goes on', async t => {
  const made = await make(t)
  const { id } = await made.create()
  const pause = made.far.faults.pause('far.put', /^shop/)
  const copier = made.copier()
  await pause.reached
  const stopped = copier.stop()
  pause.go()
  await stopped
  assert.deepEqual([await statuses(made, id), made.far.files('far')], [{ far: 'pending', local: 'stored' }, []])
  made.copier()
  await inTime(made, async () => (await statuses(made, id))['far'] === 'stored')
})

test('a copy that is gone from its store is missed within a day and brought there again', async t => {
  const made = await make(t)
  const backup = await made.create()
  const other = await made.create()
  made.copier()
  await inTime(made, async () => (await made.deps.catalog.copies.work('far')).length === 0)
  rmSync(join(made.far.directories['far']!, backup.key))
  made.clock.move(86_400_000)
  await inTime(made, () => made.lines.some(line => line.includes('missing from the store')))
  await inTime(made, async () => (await statuses(made, backup.id))['far'] === 'stored')
  assert.deepEqual(made.far.files('far'), filesOf(backup, other))
})

test('the copies of a backup that is gone are removed by themselves, also by a store that was down', async t => {
  const made = await make(t, { far: {} }, { type: 'scheduled', settings: { maxBackups: 1 } })
  const first = await made.create()
  made.copier()
  await inTime(made, async () => (await statuses(made, first.id))['far'] === 'stored')
  made.far.faults.fail('far.remove', { error: DOWN })
  const second = await made.create()
  await until(() => made.events.some(({ type }) => type === 'backup.removed'))
  await inTime(made, () => made.far.files('far').length === 2 && made.far.files('far')[0] === second.key, 100_000)
  assert.deepEqual(await made.deps.catalog.copies.held('far').then(held => held.map(({ backupId }) => backupId)), [
    second.id
  ])
})

test('from an append-only store nothing is removed, it is only forgotten', async t => {
  const made = await make(t, { far: { isAppendOnly: true } }, { type: 'scheduled', settings: { maxBackups: 1 } })
  const first = await made.create()
  made.copier()
  await inTime(made, async () => (await statuses(made, first.id))['far'] === 'stored')
  const second = await made.create()
  await inTime(
    made,
    async () =>
      (await statuses(made, second.id))['far'] === 'stored' && (await made.deps.catalog.copies.work('far')).length === 0
  )
  assert.deepEqual([
    made.far.files('far'),
    (await made.deps.catalog.copies.held('far')).map(({ backupId }) => backupId)
  ], [filesOf(first, second), [second.id]])
})

test('where nothing is to stay on this disk the artifact goes once every copy is stored', async t => {
  const made = await make(t, { far: {}, near: {} }, { policies: { shop: { keepLocal: false } } })
  const backup = await made.create()
  made.far.faults.fail('near.put', { error: DOWN, on: /^shop/ })
  made.copier()
  await inTime(made, async () => (await statuses(made, backup.id))['far'] === 'stored')
  assert.deepEqual(made.files(), filesOf(backup))
  await inTime(made, async () => made.files().length === 0 && (await made.deps.runner.locks.names()).size === 0)
  const released = await made.engine.backup(backup.id)
  assert.deepEqual([released.copies.map(({ store }) => store), released.filePath, released.deletedAt], [
    ['far', 'near'],
    join(made.far.directories['far']!, backup.key),
    null
  ])
  const { verification } = await (await made.engine.verify(backup.id)).result
  assert.equal(verification.valid, true)
})
