import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { alertFacts } from '../../../src/engine/status/alert-facts.ts'
import { testEngine, type TestEngine, type TestEngineOptions } from '../../support/engine/engine.ts'
import { testOffsite } from '../../support/stores/offsite.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { NOTHING_AROUND } from '../../support/engine/alert-facts.ts'

const SIZE = 100_000
const OPERATOR = { mayRemove: false }

interface Bench extends TestEngine {
  readonly free: { store: number }
}

/** A disk that gets back what is removed, three scheduled backups on it, two of them in the trash. */
async function withDisk (t: TestContext, options: TestEngineOptions = {}): Promise<Bench> {
  const bench = await testEngine(t, { settings: { maxBackups: 3 }, ...options })
  const free = { store: 1e9 }
  bench.deps.store.space = async () => ({ free: free.store, total: 1e9 })
  bench.deps.scratch.space = async () => ({ free: 1e9, total: 1e9 })
  const { remove } = bench.deps.store
  bench.deps.store.remove = async (key, signal) => {
    if (key.endsWith('.db')) free.store += SIZE
    await remove.call(bench.deps.store, key, signal)
  }
  for (let n = 0; n < 3; n++) await bench.create({ type: 'scheduled' })
  for (const id of [1, 2]) await (await bench.engine.remove(id, { force: true })).result
  return { ...bench, free }
}

const idsOf = async ({ engine }: TestEngine): Promise<readonly number[]> =>
  (await engine.backups({ limit: 50 })).backups.map(({ id }) => id).toSorted((a, b) => a - b)
const trashOf = async ({ deps }: TestEngine): Promise<readonly number[]> =>
  (await deps.catalog.backups.trashed()).map(({ id }) => id).toSorted()

test('nothing gives way for a caller who may remove nothing: the backup fails, and the next scheduled one has the trash', async t => {
  const bench = await withDisk(t)
  bench.free.store = SIZE - 1
  await rejectsWith('DISK_FULL', bench.create(OPERATOR))
  assert.deepEqual(await trashOf(bench), [1, 2])
  await bench.create({ type: 'scheduled' })
  assert.deepEqual(await trashOf(bench), [2])
})

test('nothing gives way for such a caller either where the disk fills up halfway', async t => {
  const bench = await withDisk(t)
  bench.faults.fail('store.put', { error: new BackupError('DISK_FULL', 'no room left'), when: 5000 })
  await rejectsWith('DISK_FULL', bench.create(OPERATOR))
  assert.deepEqual(await trashOf(bench), [1, 2])
})

test('an operator pins as many that were made by hand as maxBackups keeps; making more is never refused', async t => {
  const bench = await withDisk(t)
  const ids: number[] = []
  for (let n = 0; n < 9; n++) ids.push((await bench.create(OPERATOR)).id)
  const pin = async (id: number, keepsPinned: boolean): Promise<unknown> =>
    await bench.engine.edit(id, { pinned: true, keepsPinned })
  for (const id of ids.slice(0, 4)) await pin(id, true)
  const error = await rejectsWith('TOO_MANY_PINNED', pin(ids[4] ?? 0, true))
  assert.deepEqual(error.details, { pinned: 3, maxBackups: 3 })
  assert.equal((await bench.engine.edit(ids[4] ?? 0, { description: 'kept', keepsPinned: true })).description, 'kept')
  await pin(ids[4] ?? 0, false)
  assert.equal((await bench.create({ type: 'scheduled' })).status, 'completed')
})

test('what was made before a migration or a restore does not give way to want of room', async t => {
  const bench = await withDisk(t)
  for (let n = 0; n < 5; n++) await bench.create({ type: 'pre-migration' })
  bench.free.store = SIZE - 1
  await bench.create({ type: 'scheduled' })
  assert.deepEqual([await idsOf(bench), await trashOf(bench)], [[3, 4, 5, 6, 7, 8, 9], [2]])
})

test('what an operator made over the limit gives way before the trash does, the newest but one first', async t => {
  const bench = await withDisk(t)
  for (let n = 0; n < 5; n++) await bench.create(OPERATOR)
  bench.free.store = -SIZE
  await bench.create({ type: 'scheduled' })
  assert.deepEqual([await idsOf(bench), await trashOf(bench)], [[3, 4, 5, 8, 9], [1, 2]])
  const reasons = bench.events.flatMap(event =>
    event.type === 'backup.removed' ? [[event.backup.id, event.reason]] : []
  )
  assert.deepEqual(
    reasons,
    [7, 6].map(
      id => [
        id,
        'manual backup beyond maxBackups, made more often than the schedule requires; removed to make room for a new backup'
      ]
    )
  )
})

test('what gives way stays in the other stores that have it', async t => {
  const far = await testOffsite(t, { far: {} })
  const bench = await withDisk(t, { offsite: far.offsite })
  for (let n = 0; n < 5; n++) await bench.create(OPERATOR)
  await (await bench.engine.upload(7, {})).result
  bench.free.store = SIZE - 1
  await bench.create({ type: 'scheduled' })
  assert.deepEqual(
    (await bench.engine.backup(7)).copies.map(({ store, status }) => [store, status]).filter(([store]) =>
      store === 'local'
    ),
    []
  )
  assert.equal((await bench.engine.backup(7)).deletedAt, null)
  assert.equal((await (await bench.engine.verify(7)).result).verification.valid, true)
})

test('what is pinned while room is made stays', async t => {
  const bench = await withDisk(t)
  for (let n = 0; n < 5; n++) await bench.create(OPERATOR)
  bench.free.store = SIZE - 1
  bench.faults.meanwhile('backups.trashed', async () => {
    await bench.deps.catalog.backups.edit(7, { pinned: true })
  })
  await bench.create({ type: 'scheduled' })
  assert.deepEqual(await idsOf(bench), [3, 4, 5, 7, 8, 9])
})

test('the alerts are told how many are over the limit', async t => {
  const bench = await withDisk(t)
  const over = async (): Promise<unknown> =>
    (await alertFacts(
      bench.deps,
      await bench.engine.sources(),
      { pattern: '30 4 * * *', timeZone: 'UTC' },
      NOTHING_AROUND
    )).sources[0]?.overLimit
  assert.equal(await over(), null)
  for (let n = 0; n < 4; n++) await bench.create()
  assert.deepEqual(await over(), { count: 2, maxBackups: 3 })
})

test('the alerts read no list of backups where the numbers show that none can be over the limit', async t => {
  const bench = await withDisk(t)
  for (let n = 0; n < 5; n++) await bench.create({ type: 'scheduled' })
  let reads = 0
  const existing = bench.deps.catalog.backups.existing.bind(bench.deps.catalog.backups)
  bench.deps.catalog.backups.existing = source => {
    reads++
    return existing(source)
  }
  await alertFacts(bench.deps, await bench.engine.sources(), { pattern: '30 4 * * *', timeZone: 'UTC' }, NOTHING_AROUND)
  assert.equal(reads, 0)
})
