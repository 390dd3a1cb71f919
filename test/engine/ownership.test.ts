import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BackupError, toBackupError } from '../../src/core/errors.ts'
import { INSTANCE_MARKER, type InstanceMarker } from '../../src/core/instance.ts'
import { housekeep } from '../../src/engine/recovery/housekeep.ts'
import { openLanding } from '../../src/engine/replication/known-store.ts'
import { alertFacts } from '../../src/engine/status/alert-facts.ts'
import { commandLine } from '../support/cli/command-line.ts'
import { GRACE, testEngine, type TestEngine } from '../support/engine/engine.ts'
import { testOffsite } from '../support/stores/offsite.ts'
import { rejectsWith } from '../support/rejects.ts'
import { never } from '../support/streams.ts'
import { NOTHING_AROUND } from '../support/engine/alert-facts.ts'
import { tempDir } from '../support/temp-dir.ts'

const PRUNE = { pattern: '0 4 * * *', timeZone: 'UTC' }

function markerOf (directory: string): InstanceMarker {
  return JSON.parse(readFileSync(join(directory, INSTANCE_MARKER), 'utf8')) as InstanceMarker
}

async function rebuilt ({ engine }: TestEngine, request: Parameters<TestEngine['engine']['rebuild']>[0] = {}) {
  return await (await engine.rebuild(request)).result
}

async function refusals (bench: TestEngine): Promise<string[]> {
  return (await alertFacts(bench.deps, [], PRUNE, NOTHING_AROUND)).refused.map(({ code }) => code)
}

test('the first installation in an empty place marks it, and its manifests name it', async t => {
  const one = await testEngine(t, { instance: 'one' })
  const { id } = await one.create()
  assert.deepEqual([
    markerOf(one.directory).instance,
    markerOf(one.directory).host,
    (await one.deps.catalog.backups.manifest(id))?.instance
  ], ['one', 'here', 'one'])
})

test('another installation sees the backups as foreign, and writes, rotates and removes nothing', async t => {
  const one = await testEngine(t, { instance: 'one', settings: { maxBackups: 3 } })
  const kept = [await one.create(), await one.create(), await one.create()]
  const files = one.files()
  const two = await testEngine(t, { instance: 'two', directory: one.directory, settings: { maxBackups: 1 } })
  assert.equal((await openLanding(two.deps, never))?.code, 'STORE_FOREIGN')
  const { stores: [store] } = await rebuilt(two)
  assert.deepEqual([store?.added, store?.foreign], [3, 3])
  for (let n = 0; n < 4; n++) await rejectsWith('STORE_FOREIGN', two.create())
  await rejectsWith('STORE_FOREIGN', (await two.engine.prune({ dryRun: false, force: true })).result)
  for (const { id } of kept) {
    assert.equal((await two.engine.backup(id)).foreignInstance, 'one')
    await rejectsWith('BACKUP_FOREIGN', two.engine.remove(id, { force: true }))
    await rejectsWith('BACKUP_FOREIGN', two.engine.edit(id, { pinned: false }))
    await rejectsWith('BACKUP_FOREIGN', two.engine.upload(id, {}))
    await rejectsWith('BACKUP_FOREIGN', two.engine.thaw(id, 1))
  }
  two.clock.move(10 * GRACE)
  await housekeep(two.deps)
  assert.deepEqual(one.files(), files)
  assert.deepEqual(await refusals(two), ['STORE_FOREIGN'])
  assert.deepEqual(await refusals(one), [])
  assert.equal(
    (await (await one.engine.verifyAll({})).result).results.filter(({ verification }) => verification.valid).length,
    3
  )
})

test('foreign backups count for nothing: statistics, the guard, drills, retention, verification of all', async t => {
  const one = await testEngine(t, { instance: 'one' })
  await one.create()
  const { id, key } = await one.create()
  await (await one.engine.remove(id, { force: true })).result
  const two = await testEngine(t, { instance: 'two', directory: one.directory })
  await rebuilt(two)
  const { catalog } = two.deps
  assert.equal((await catalog.backups.list({ limit: 10 })).count, 1)
  const { totalBackups, totalSize, newestBackup, sources: [shop] } = await catalog.backups.statistics()
  assert.deepEqual([totalBackups, totalSize, newestBackup, shop?.count, shop?.newestProven, shop?.lastSuccess], [
    0,
    0,
    null,
    0,
    null,
    null
  ])
  assert.deepEqual([
    await catalog.backups.existing('shop'),
    await catalog.backups.lastGood('shop', 10),
    await catalog.backups.trashed(),
    await catalog.copies.held('local')
  ], [[], [], [], []])
  assert.equal((await catalog.alerts.evidence('shop')).good, 0)
  await rejectsWith('BACKUP_NOT_FOUND', two.engine.drill({ source: 'shop', actor: null }))
  assert.deepEqual((await (await two.engine.verifyAll({})).result).results, [])
  two.clock.move(10 * GRACE)
  await housekeep(two.deps)
  assert.ok(readdirSync(join(one.directory, 'trash')).includes(key))
})

test('a foreign backup is verified and restored by its number, and chosen by --latest only where there is nothing else', async t => {
  const one = await testEngine(t, { instance: 'one' })
  const { id } = await one.create()
  const two = await commandLine(t, { instance: 'two' })
  assert.match((await two.holdfast('rebuild', '--from', one.directory)).out, /1 backup of another installation/)
  assert.match((await two.holdfast('list')).out, /foreign/)
  assert.equal((await two.holdfast('verify', String(id))).code, 0)
  assert.equal((await two.holdfast('restore', String(id), '--output', '/by-id.db')).code, 0)
  const refused = await two.holdfast('restore', '--latest', '--confirm')
  assert.deepEqual([refused.code, /another installation/.test(refused.err)], [4, true])
  assert.equal((await two.holdfast('restore', '--latest', '--source', 'shop', '--output', '/latest.db')).code, 0)
  const own = await two.create()
  assert.deepEqual(
    (await two.json('restore', '--latest', '--source', 'shop', '--output', '/own.db')).restore.backupId,
    own.id
  )
})

test('taking over makes store and backups ours, and the other installation stops there', async t => {
  const one = await testEngine(t, { instance: 'one' })
  const { id } = await one.create()
  const two = await commandLine(t, { instance: 'two', directory: one.directory })
  await two.holdfast('rebuild')
  assert.equal((await two.holdfast('rebuild', '--take-over')).code, 2)
  assert.equal((await two.holdfast('rebuild', '--take-over', '--list', '--confirm')).code, 2)
  assert.equal((await two.holdfast('rebuild', '--take-over', '--from', one.directory, '--confirm')).code, 2)
  assert.equal(markerOf(one.directory).instance, 'one')
  const { code, out } = await two.holdfast('rebuild', '--take-over', '--confirm')
  assert.deepEqual([code, /foreign|another/.test(out)], [0, false])
  assert.deepEqual([markerOf(one.directory).instance, markerOf(one.directory).formerly], ['two', ['one']])
  assert.equal((await two.engine.backup(id)).foreignInstance, null)
  assert.equal((await two.deps.catalog.backups.existing('shop')).length, 1)
  await two.create()
  await rejectsWith('STORE_FOREIGN', one.create())
  await rejectsWith('STORE_FOREIGN', one.engine.remove(id, { force: true }))
  assert.deepEqual(await refusals(one), ['STORE_FOREIGN'])

  const again = await testEngine(t, { instance: 'two', directory: one.directory })
  assert.equal(
    (await rebuilt(again)).stores[0]?.foreign,
    0,
    'a catalog that is made again finds what was taken over to be its own'
  )
})

test('a place without a marker is claimed where its backups are known, and foreign where they are not', async t => {
  const one = await testEngine(t, { instance: 'one' })
  await one.create()
  rmSync(join(one.directory, INSTANCE_MARKER))
  const stranger = await testEngine(t, { instance: 'two', directory: one.directory })
  await rejectsWith('STORE_FOREIGN', stranger.create())
  await one.create()
  assert.equal(markerOf(one.directory).instance, 'one')
})

test('a marker that cannot be read stops what writes and is named; without it, the store is claimed again', async t => {
  const one = await testEngine(t, { instance: 'one' })
  await one.create()
  const marker = join(one.directory, INSTANCE_MARKER)
  const spoil: (() => void)[] = [
    ...['', '{}', 'x'.repeat(100_000)].map(text => () => {
      writeFileSync(marker, text)
    }),
    () => {
      symlinkSync('/dev/null', marker)
    },
    () => {
      mkdirSync(marker)
    }
  ]
  for (const make of spoil) {
    rmSync(marker, { recursive: true })
    make()
    const refused = await one.create().catch((thrown: unknown) => toBackupError(thrown))
    assert.ok(refused instanceof BackupError && refused.code === 'STORE_FOREIGN')
    assert.match(refused.message, /an unreadable marker "holdfast-instance\.json"/)
    assert.match(refused.hint ?? '', /remove "holdfast-instance\.json"/)
  }
  rmSync(marker, { recursive: true })
  await one.create()
  writeFileSync(marker, '')
  await rebuilt(one, { takeOver: true })
  await one.create()
})

test('of two that claim an empty place at once, one has it and the other is refused', async t => {
  const directory = join(tempDir(t), 'shared')
  const [one, two] = [
    await testEngine(t, { instance: 'one', directory }),
    await testEngine(t, { instance: 'two', directory })
  ]
  const outcomes = await Promise.allSettled([one.create(), two.create()])
  assert.deepEqual(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
  const loser = outcomes[0].status === 'rejected' ? one : two
  await rejectsWith('STORE_FOREIGN', loser.create())
})

test('another store is asked whose it is before a copy goes there or leaves it', async t => {
  const { offsite, directories, files } = await testOffsite(t, { far: {} })
  const one = await testEngine(t, { instance: 'one', offsite })
  await one.create({ upload: true })
  const far = directories['far'] ?? ''
  assert.equal(markerOf(far).instance, 'one')
  const two = await testEngine(t, { instance: 'two', offsite })
  const before = files('far')
  await rejectsWith('STORE_FOREIGN', two.create({ upload: true }))
  assert.deepEqual(files('far'), before)
  assert.deepEqual(await refusals(two), ['STORE_FOREIGN'])
})

test('a lost landing disk stops what writes or forgets, and nothing else; what is elsewhere stays there', async t => {
  const { offsite, files } = await testOffsite(t, { far: {} })
  const bench = await commandLine(t, { instance: 'one', offsite })
  const { id } = await bench.create({ upload: true })
  const alone = await bench.create()
  const trashed = await bench.create({ upload: true })
  await (await bench.engine.remove(trashed.id, { force: true })).result
  const there = files('far')
  const disk = `${bench.directory}-disk`
  renameSync(bench.directory, disk)
  assert.equal((await openLanding(bench.deps, never))?.code, 'STORE_UNAVAILABLE')
  await rejectsWith('STORE_UNAVAILABLE', bench.create())
  await rejectsWith('STORE_UNAVAILABLE', bench.engine.remove(id, { force: true }))
  await rejectsWith('STORE_UNAVAILABLE', (await bench.engine.prune({ dryRun: false, force: true })).result)
  await rejectsWith('STORE_UNAVAILABLE', (await bench.engine.verify(alone.id)).result)
  bench.clock.move(10 * GRACE)
  await housekeep(bench.deps)
  assert.deepEqual([files('far'), await refusals(bench)], [there, ['STORE_UNAVAILABLE']])
  assert.equal((await bench.deps.catalog.backups.get(trashed.id)).deletedAt, null)
  for (
    const words of [['list'], ['show', String(id)], ['restore', String(id), '--output', '/back.db'], [
      'verify',
      String(id)
    ]]
  ) {
    assert.equal((await bench.holdfast(...words)).code, 0, words.join(' '))
  }
  assert.equal((await bench.holdfast('rebuild')).code, 3, 'one of the stores could not be read')
  renameSync(disk, bench.directory)
  assert.deepEqual(await refusals(bench), [])
  await bench.create()
})
