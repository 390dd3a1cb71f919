import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { INSTANCE_MARKER, type InstanceMarker } from '../../src/core/instance.ts'
import { housekeep } from '../../src/engine/recovery/housekeep.ts'
import { reconcile } from '../../src/engine/recovery/reconcile.ts'
import { openOffsite } from '../../src/engine/replication/copy-task.ts'
import { landingTrouble, openLanding } from '../../src/engine/replication/known-store.ts'
import { surveyStore } from '../../src/engine/replication/survey-store.ts'
import { alertFacts } from '../../src/engine/status/alert-facts.ts'
import { filesIn, filesOf, GRACE, testEngine, type TestEngine } from '../support/engine/engine.ts'
import { testOffsite } from '../support/stores/offsite.ts'
import { rejectsWith } from '../support/rejects.ts'
import { never } from '../support/streams.ts'
import { NOTHING_AROUND } from '../support/engine/alert-facts.ts'

const PRUNE = { pattern: '0 4 * * *', timeZone: 'UTC' }

function markerIn (directory: string): InstanceMarker {
  return JSON.parse(readFileSync(join(directory, INSTANCE_MARKER), 'utf8')) as InstanceMarker
}

/** The marker as versions wrote it that knew no ids of stores. */
function makeEarlier (directory: string, created: string): void {
  const { store: _, ...marker } = markerIn(directory)
  writeFileSync(join(directory, INSTANCE_MARKER), JSON.stringify({ ...marker, created }))
}

/** The catalog of a version that knew no ids of stores. */
function forgetIds ({ catalogPath }: TestEngine): void {
  const db = new Database(catalogPath)
  db.exec('DELETE FROM store_ids')
  db.close()
}

async function refusals ({ deps }: TestEngine): Promise<string[]> {
  return (await alertFacts(deps, [], PRUNE, NOTHING_AROUND)).refused.map(({ code }) => code)
}

/**
 * Three backups on a disk that is then away, with one of them in the trash; the bare mount point has a marker of ours,
 * too.
 */
async function unmounted (t: Parameters<typeof testEngine>[0], options: Parameters<typeof testEngine>[1] = {}) {
  const bench = await testEngine(t, { instance: 'one', type: 'scheduled', settings: { maxBackups: 2 }, ...options })
  const { directory } = bench
  const [bare, disk] = [`${directory}-bare`, `${directory}-disk`]
  assert.equal(await openLanding(bench.deps, never), undefined)
  renameSync(directory, bare)
  mkdirSync(directory)
  const backups = [
    await bench.create({ type: 'manual' }),
    await bench.create({ type: 'manual' }),
    await bench.create({ type: 'manual' })
  ] as const
  await (await bench.engine.remove(backups[1].id, { force: false })).result
  renameSync(directory, disk)
  renameSync(bare, directory)
  const mount = (): void => {
    renameSync(directory, bare)
    renameSync(disk, directory)
  }
  return { bench, backups, disk, mount }
}

test('a mount point with a marker of ours is not the disk: nothing is written, rotated or removed, and everything is there when the disk is back', async t => {
  const { bench, backups: [first, trashed, last], disk, mount } = await unmounted(t)
  const files = filesIn(disk)
  assert.notEqual(markerIn(bench.directory).store, markerIn(disk).store)
  assert.equal((await openLanding(bench.deps, never))?.code, 'STORE_UNAVAILABLE')
  for (let n = 0; n < 3; n++) await rejectsWith('STORE_UNAVAILABLE', bench.create())
  await rejectsWith('STORE_UNAVAILABLE', (await bench.engine.prune({ dryRun: false, force: true })).result)
  await rejectsWith('STORE_UNAVAILABLE', bench.engine.remove(first.id, { force: true }))
  await rejectsWith('STORE_UNAVAILABLE', (await bench.engine.verify(last.id)).result)
  await reconcile(bench.deps, { isLandingUsable: await landingTrouble(bench.deps, never) === undefined })
  bench.clock.move(10 * GRACE)
  await housekeep(bench.deps)
  assert.deepEqual([bench.files(), await refusals(bench)], [[], ['STORE_UNAVAILABLE']])

  mount()
  assert.equal(await openLanding(bench.deps, never), undefined)
  await reconcile(bench.deps)
  assert.deepEqual([bench.files(), await refusals(bench), (await bench.engine.backup(trashed.id)).deletedAt], [
    files,
    [],
    null
  ])
  assert.deepEqual(
    (await (await bench.engine.verifyAll({})).result).results.map(({ verification }) => verification.valid),
    [true, true]
  )
})

test('a directory that was copied to a disk with its marker is not that disk once other backups are on it', async t => {
  const bench = await testEngine(t, { instance: 'one', settings: { maxBackups: 100 } })
  await bench.create()
  const copied = `${bench.directory}-copied`
  cpSync(bench.directory, copied, { recursive: true })
  for (let n = 0; n < 16; n++) await bench.create()
  const disk = `${bench.directory}-disk`
  renameSync(bench.directory, disk)
  renameSync(copied, bench.directory)
  assert.equal(markerIn(bench.directory).store, markerIn(disk).store)
  await rejectsWith('STORE_UNAVAILABLE', bench.create())
  renameSync(bench.directory, copied)
  renameSync(disk, bench.directory)
  await bench.create()
})

test('a marker without an id is believed where what is known is there, and another one is not from then on', async t => {
  const { bench, disk, mount } = await unmounted(t)
  makeEarlier(bench.directory, '2025-01-01T00:00:00.000Z')
  makeEarlier(disk, '2025-02-02T00:00:00.000Z')
  forgetIds(bench)
  assert.equal(
    (await landingTrouble(bench.deps, never))?.code,
    'STORE_UNAVAILABLE',
    'nothing of what is known is there'
  )
  mount()
  assert.equal(await landingTrouble(bench.deps, never), undefined)
  makeEarlier(bench.directory, '2025-01-01T00:00:00.000Z')
  assert.equal((await landingTrouble(bench.deps, never))?.code, 'STORE_UNAVAILABLE', 'it is another one')
  makeEarlier(bench.directory, '2025-02-02T00:00:00.000Z')
  await bench.create()
})

test('an upgrade believes a marker without an id where most backups were removed by others, as long as one is there', async t => {
  const bench = await testEngine(t, { instance: 'one', type: 'scheduled' })
  const backups = [
    await bench.create(),
    await bench.create(),
    await bench.create(),
    await bench.create(),
    await bench.create()
  ]
  makeEarlier(bench.directory, '2025-01-01T00:00:00.000Z')
  forgetIds(bench)
  for (const { filePath } of backups.slice(0, 4)) rmSync(filePath)
  assert.deepEqual(await refusals(bench), [])
  await bench.create()
})

test('a backup that is there is verified and restored, also from a store of which everything that is newer is gone', async t => {
  const bench = await testEngine(t, { instance: 'one', type: 'scheduled', settings: { maxBackups: 30 } })
  const old = await bench.create()
  const newer = []
  for (let n = 0; n < 17; n++) newer.push(await bench.create())
  for (const { filePath } of newer) rmSync(filePath)
  assert.deepEqual(await refusals(bench), ['STORE_UNAVAILABLE'])
  assert.equal((await (await bench.engine.verify(old.id)).result).verification.valid, true)
})

test('a marker that was removed is made again with the same id', async t => {
  const bench = await testEngine(t, { instance: 'one' })
  await bench.create()
  const { store } = markerIn(bench.directory)
  rmSync(join(bench.directory, INSTANCE_MARKER))
  await bench.create()
  assert.deepEqual([typeof store, markerIn(bench.directory).store], ['string', store])
})

test('another store of this installation whose backups nobody knows is left alone', async t => {
  const { bench, disk } = await unmounted(t)
  const stranger = await testEngine(t, { instance: 'one' })
  await landingTrouble(stranger.deps, never)
  rmSync(stranger.directory, { recursive: true })
  cpSync(disk, stranger.directory, { recursive: true })
  const files = stranger.files()
  const error = await rejectsWith('STORE_UNAVAILABLE', stranger.create())
  assert.match(error.hint ?? '', /--take-over/)
  assert.deepEqual(stranger.files(), files)
  assert.deepEqual(bench.files(), [])
})

test('a store without the backups of the catalog, with the right marker: the hint names what takes in those that are there', async t => {
  const bench = await testEngine(t, { instance: 'one' })
  assert.equal(await openLanding(bench.deps, never), undefined)
  for (let n = 0; n < 3; n++) await bench.create()
  for (const file of bench.files()) if (file !== INSTANCE_MARKER) rmSync(join(bench.directory, file))
  const { hint } = await rejectsWith('STORE_UNAVAILABLE', bench.create())
  assert.match(hint ?? '', /restored from an older copy, "holdfast rebuild" imports the backups from the store/)
})

test('taking over goes on with what is there, and records what is not; when the disk is back, taking over brings that back, too', async t => {
  const { bench, backups: [first, , last], mount } = await unmounted(t)
  const empty = await rejectsWith('STORE_UNAVAILABLE', (await bench.engine.rebuild({ takeOver: true })).result)
  assert.match(empty.hint ?? '', /--accept-empty/)
  await (await bench.engine.rebuild({ acceptEmpty: true })).result
  const here = await bench.create()
  assert.deepEqual([
    (await bench.engine.backup(first.id)).copies[0]?.status,
    (await bench.engine.backup(last.id)).verification.status
  ], ['missing', 'invalid'])
  mount()
  await rejectsWith('STORE_UNAVAILABLE', bench.create())
  await (await bench.engine.rebuild({ takeOver: true })).result
  const statuses = await Promise.all(
    [first.id, last.id, here.id].map(async id => (await bench.engine.backup(id)).copies[0]?.status)
  )
  assert.deepEqual(statuses, ['stored', 'stored', 'missing'])
  await bench.create()
})

test('a bucket that was exchanged for another of ours gets no copies and loses none, raises the alert, and proves nothing', async t => {
  const { offsite, directories, files } = await testOffsite(t, { far: { maxBackups: 1 } })
  const bench = await testEngine(t, { instance: 'one', offsite })
  const [far, store] = [directories['far'] ?? '', offsite.get('far')!]
  const { id, key } = await bench.create({ upload: true })
  rmSync(join(bench.directory, key))
  const right = `${far}-right`
  renameSync(far, right)
  mkdirSync(far)
  writeFileSync(join(far, INSTANCE_MARKER), JSON.stringify({ ...markerIn(right), store: 'another' }))
  writeFileSync(join(far, 'holiday.jpg'), '')
  await rejectsWith('STORE_UNAVAILABLE', bench.create({ upload: true }))
  await rejectsWith('STORE_UNAVAILABLE', openOffsite(bench.deps, store, never))
  await rejectsWith('STORE_UNAVAILABLE', surveyStore(bench.deps, store, never))
  assert.deepEqual([files('far'), filesIn(right), await refusals(bench)], [['holiday.jpg'], filesOf({ key }), [
    'STORE_UNAVAILABLE'
  ]])
  await bench.deps.catalog.backups.evict(id, 'local', 'there')
  await rejectsWith('STORE_UNAVAILABLE', (await bench.engine.verify(id)).result)
  rmSync(far, { recursive: true })
  renameSync(right, far)
  assert.equal((await (await bench.engine.verify(id)).result).verification.valid, true)
})
