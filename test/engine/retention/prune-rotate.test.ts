import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Backup } from '../../../src/core/backup/backup.ts'
import { BackupError } from '../../../src/core/errors.ts'
import type { OffsiteStore } from '../../../src/engine/deps.ts'
import { housekeep } from '../../../src/engine/recovery/housekeep.ts'
import { filesOf, testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { testOffsite, type TestOffsite } from '../../support/stores/offsite.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { until } from '../../support/streams.ts'

test('after a verified backup those beyond maxBackups are gone at once, oldest first', async t => {
  const { engine, create, files, events } = await testEngine(t, { type: 'scheduled', settings: { maxBackups: 2 } })
  const made = []
  for (let n = 0; n < 4; n++) made.push(await create())
  assert.deepEqual(files(), filesOf(...made.slice(2)))
  assert.deepEqual((await engine.backups({ limit: 10 })).backups.map(({ id }) => id), [4, 3])
  const removed = events.flatMap(event => event.type === 'backup.removed' ? [[event.backup.id, event.reason]] : [])
  assert.deepEqual(removed, [[1, 'beyond the limit of maxBackups (2)'], [2, 'beyond the limit of maxBackups (2)']])
  assert.notEqual((await engine.backup(1)).deletedAt, null)
})

test('a backup names those that rotation removed, each with where it went and why', async t => {
  const { engine, create } = await testEngine(t, { settings: { maxBackups: 1 } })
  const removedBy = async (type: 'manual' | 'scheduled'): Promise<unknown> => {
    const { removed, rotationError } = await (await engine.create({ type })).result
    return [
      rotationError,
      ...removed.map(
        ({ backup: { id, trashedAt, deletedAt }, removal, reasons }) => [
          id,
          removal,
          trashedAt !== null,
          deletedAt !== null,
          reasons
        ]
      )
    ]
  }
  await create({ type: 'scheduled' })
  const reasons = ['beyond the limit of maxBackups (1)']
  assert.deepEqual(await removedBy('scheduled'), [null, [1, 'erase', true, true, reasons]])
  // For a manual backup nothing is removed for good.
  assert.deepEqual(await removedBy('manual'), [null, [2, 'trash', true, false, reasons]])
})

test('a backup names those that only left the local disk', async t => {
  const far = await testOffsite(t, { far: { maxBackups: 5 } })
  const { engine, create } = await testEngine(t, {
    type: 'scheduled',
    settings: { maxBackups: 1 },
    offsite: far.offsite
  })
  const { id } = await create()
  await (await engine.upload(id, {})).result
  const { removed } = await (await engine.create({ type: 'scheduled' })).result
  assert.deepEqual(removed.map(({ backup, removal, reasons }) => [backup.id, removal, reasons]), [[id, 'evict', [
    'beyond the limit of maxBackups (1)',
    'another store has a copy'
  ]]])
})

test('a backup names those that went although the rotation failed at another, and the error', async t => {
  const { engine, faults, create } = await testEngine(t, { type: 'scheduled' })
  await create()
  await create()
  await engine.changeSettings({ maxBackups: 1 })
  faults.fail('store.remove', { error: new BackupError('STORE_FAILED', 'the disk died') })
  const { removed, rotationError } = await (await engine.create({ type: 'scheduled' })).result
  assert.deepEqual([removed.map(({ backup }) => backup.id), rotationError], [[2], 'STORE_FAILED'])
})

test('after a backup that was not verified nothing is rotated', async t => {
  const { engine, create, files } = await testEngine(t, { type: 'scheduled' })
  const made = [await create(), await create()]
  await engine.changeSettings({ maxBackups: 1 })
  made.push(await create({ verify: false }))
  assert.deepEqual(files(), filesOf(...made))
})

test('after a backup that failed nothing is rotated', async t => {
  const { engine, faults, create, files } = await testEngine(t, { type: 'scheduled', settings: { maxBackups: 2 } })
  const made = [await create(), await create()]
  await engine.changeSettings({ maxBackups: 1 })
  faults.fail('source.snapshot', { error: new BackupError('SOURCE_LOCKED', 'locked') })
  await rejectsWith('SOURCE_LOCKED', create())
  assert.deepEqual(files(), filesOf(...made))
})

test('backups of another source are not touched', async t => {
  const { create, files } = await testEngine(t, {
    type: 'scheduled',
    sources: [new MemorySource('shop'), new MemorySource('bank')],
    settings: { maxBackups: 1 }
  })
  const bank = await create({ source: 'bank' })
  await create()
  const shop = await create()
  assert.deepEqual(files(), filesOf(bank, shop))
})

test('pinned backups stay and are not counted', async t => {
  const { engine, create, files } = await testEngine(t, { type: 'scheduled', settings: { maxBackups: 1 } })
  const pinned = await create()
  await engine.edit(pinned.id, { pinned: true })
  await create()
  const last = await create()
  assert.deepEqual(files(), filesOf(pinned, last))
})

test('a backup that another job is at work on waits for the next rotation', async t => {
  const { engine, faults, create, files } = await testEngine(t, { type: 'scheduled' })
  const [first, other] = [await create(), await create()]
  await engine.changeSettings({ maxBackups: 1 })
  const pause = faults.pause('inspector.inspect')
  const { result } = await engine.verify(first.id)
  await pause.reached
  const second = await create()
  assert.deepEqual(files(), filesOf(first, second))
  assert.notEqual((await engine.backup(other.id)).deletedAt, null)
  pause.go()
  assert.equal((await result).verification.valid, true)
  const third = await create()
  assert.deepEqual(files(), filesOf(third))
})

test('a backup that is pinned between the decision and the removal stays', async t => {
  const { deps, faults, create, files } = await testEngine(t, { type: 'scheduled', settings: { maxBackups: 1 } })
  const first = await create()
  // The first `get` after the decision is the one that looks again.
  faults.meanwhile('backups.existing', () => {
    faults.meanwhile('backups.get', async () => {
      await deps.catalog.backups.edit(first.id, { pinned: true })
    }, /^1$/)
  })
  const second = await create()
  assert.deepEqual(files(), filesOf(first, second))
})

test('a rotation that fails does not fail the backup, is told, and is caught up', async t => {
  const { deps, faults, create, files, events } = await testEngine(t, {
    type: 'scheduled',
    settings: { maxBackups: 1 }
  })
  await create()
  faults.fail('store.remove', { error: new BackupError('STORE_FAILED', 'the disk died') })
  const second = await create()
  assert.equal(second.status, 'completed')
  assert.deepEqual(events.flatMap(event => event.type === 'operation.failed' ? [[event.operation, event.code]] : []), [[
    'rotate',
    'STORE_FAILED'
  ]])
  assert.equal(files().length, 4)
  await housekeep(deps)
  assert.deepEqual(files(), filesOf(second))
})

test('a rotation that has to wait for a removal in line behind it lets it go first', { timeout: 10_000 }, async t => {
  const { engine, faults, create, files } = await testEngine(t, {
    type: 'scheduled',
    settings: { maxBackups: 1 },
    maxConcurrent: 1
  })
  const first = await create()
  const pause = faults.pause('source.probe')
  const made = await engine.create({ type: 'scheduled' })
  await pause.reached
  const removal = await engine.remove(first.id, { force: true })
  pause.go()
  const [second, trashed] = await Promise.all([made.result, removal.result])
  assert.deepEqual(files(), filesOf(second, trashed))
})

test('a backup whose rotation waits for a removal can be cancelled, and stays', async t => {
  const { engine, faults, create } = await testEngine(t, { type: 'scheduled' })
  const first = await create()
  const pause = faults.pause('backups.trash')
  const removal = await engine.remove(first.id, { force: true })
  await pause.reached
  const { job, result } = await engine.create({ type: 'scheduled' })
  await until(async () => (await engine.job(job.id)).progress.phase === 'rotating')
  assert.equal((await engine.cancel(job.id)).status, 'succeeded')
  assert.equal((await result).status, 'completed')
  pause.go()
  await removal.result
})

const HOUR = 3_600_000

/**
 * Four daily backups of the schedule and one by hand, of a source that keeps so many, each with a copy in another
 * store.
 */
async function history (
  t: TestContext,
  maxBackups: number,
  rules: Partial<OffsiteStore>
): Promise<TestEngine & { readonly far: TestOffsite, readonly before: readonly Backup[] }> {
  const far = await testOffsite(t, { far: rules })
  const bench = await testEngine(t, { offsite: far.offsite, settings: { maxBackups, autoBackupInterval: 24 * HOUR } })
  const before: Backup[] = []
  for (const type of ['manual', 'scheduled', 'scheduled', 'scheduled', 'scheduled'] as const) {
    bench.clock.move(24 * HOUR)
    before.push(await bench.create({ type }))
    await (await bench.engine.upload(before.length, {})).result
  }
  return { ...bench, far, before }
}

test('backups made by hand in a row push nothing older out, neither here nor in another store, until an admin prunes', async t => {
  const { engine, create, before, files, far } = await history(t, 6, { maxBackups: 6 })
  const made = []
  for (let n = 0; n < 12; n++) {
    made.push(await create(n % 2 === 0 ? {} : { type: 'pre-migration' }))
    await (await engine.upload(made.at(-1)?.id ?? 0, {})).result
  }
  const { removed, decisions } = await (await engine.prune({ dryRun: false, isScheduled: true })).result
  assert.deepEqual([removed, files(), far.files('far')], [[], filesOf(...before, ...made), filesOf(...before, ...made)])
  assert.match(
    decisions.find(({ backup }) => backup.id === 5)?.reasons[0] ?? '',
    /^beyond the limit of maxBackups \(6\), and kept until an admin prunes/
  )
  await (await engine.prune({ dryRun: false, force: true })).result
  assert.deepEqual(files(), filesOf(...made.slice(-6)))
})

test('a backup made by hand once a day pushes an older one into the trash, with its copies, from where it can be brought back', async t => {
  const { engine, create, clock, before, files, far } = await history(t, 5, {})
  clock.move(24 * HOUR)
  const next = await create()
  const trashed = await engine.backup(before[0]?.id ?? 0)
  assert.deepEqual([trashed.key.startsWith('trash/'), trashed.deletedAt], [true, null])
  assert.deepEqual([files(), far.files('far').includes(before[0]?.key ?? '')], [
    filesOf(...before.slice(1), next, trashed),
    true
  ])
  await (await engine.undelete(trashed.id)).result
  assert.deepEqual(files(), filesOf(...before, next))
})

test('the schedule goes on rotating among backups made by hand', async t => {
  const { engine, create, clock, before } = await history(t, 5, {})
  for (let n = 0; n < 3; n++) await create()
  for (let day = 0; day < 5; day++) {
    clock.move(24 * HOUR)
    await create({ type: 'scheduled' })
  }
  const there = (await engine.backups({ limit: 20 })).backups.map(({ id }) => id).toReversed()
  assert.deepEqual(there, [9, 10, 11, 12, 13])
  for (const { id } of before) {
    assert.notEqual((await engine.backup(id)).trashedAt ?? (await engine.backup(id)).deletedAt, null)
  }
})
