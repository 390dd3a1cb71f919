import assert from 'node:assert/strict'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { namesIn } from '../../../src/engine/artifacts/absent.ts'
import { housekeep } from '../../../src/engine/recovery/housekeep.ts'
import { reconcile } from '../../../src/engine/recovery/reconcile.ts'
import { refreshManifest } from '../../../src/engine/replication/copy-backup.ts'
import { filesOf, GRACE, testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { testOffsite } from '../../support/stores/offsite.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never } from '../../support/streams.ts'

/** Takes object and manifest of a backup out of the store. Returns how to put them back. */
function takeAway ({ directory }: TestEngine, key: string): () => void {
  const names = [key, `${key}.manifest.json`]
  for (const name of names) renameSync(join(directory, name), join(directory, '..', name))
  return () => {
    for (const name of names) renameSync(join(directory, '..', name), join(directory, name))
  }
}

async function listed ({ engine }: TestEngine): Promise<number[]> {
  return (await engine.backups({ limit: 100 })).backups.map(({ id }) => id)
}

test('captured log is not among the names of what a store holds', async t => {
  const { deps, create, directory } = await testEngine(t)
  const { key } = await create()
  mkdirSync(join(directory, 'log/shop/lineage-1'), { recursive: true })
  writeFileSync(join(directory, 'log/shop/lineage-1/000000010000000000000002'), 'a segment')
  const names = [...await namesIn(deps.store, never)]
  assert.ok(names.includes(key))
  assert.deepEqual(names.filter(name => name.startsWith('log/')), [])
})

test('what is not in the store pushes nothing out by rotation, and is not rotated out itself', async t => {
  const bench = await testEngine(t, { type: 'scheduled', settings: { maxBackups: 3 } })
  const [one, two, three] = [await bench.create(), await bench.create(), await bench.create()]
  const putBack = [takeAway(bench, two.key), takeAway(bench, three.key)]
  const four = await bench.create()
  assert.deepEqual([bench.files(), await listed(bench)], [filesOf(one, four), [4, 3, 2, 1]])
  for (const put of putBack) put()
  await bench.create()
  assert.deepEqual(await listed(bench), [5, 4, 3])
})

test('a prune leaves what is not in the store and says so, and makes no manifest of it', async t => {
  const bench = await testEngine(t, { policies: { shop: { retention: { last: 1, minBackups: 1 } } } })
  const [one, two] = [await bench.create(), await bench.create()]
  takeAway(bench, two.key)
  const { decisions } = await (await bench.engine.prune({ dryRun: true })).result
  assert.deepEqual(decisions.map(({ backup: { id }, keep, reasons }) => [id, keep, reasons]), [[2, true, [
    'its file is missing from the store'
  ]], [1, true, decisions[1]?.reasons]])
  await (await bench.engine.prune({ dryRun: false, force: true })).result
  assert.deepEqual([bench.files(), await listed(bench)], [filesOf(one), [2, 1]])
})

test('a backup that is not in the store is removed by force alone, without a manifest of it being made', async t => {
  const bench = await testEngine(t)
  const [one, two] = [await bench.create(), await bench.create()]
  takeAway(bench, one.key)
  const error = await rejectsWith('OBJECT_NOT_FOUND', (await bench.engine.remove(one.id, { force: false })).result)
  assert.match(error.message, /is missing/)
  assert.equal((await bench.engine.backup(one.id)).trashedAt, null)
  await bench.engine.edit(one.id, { description: 'where is it?' })
  await (await bench.engine.remove(one.id, { force: true })).result
  assert.deepEqual(bench.files(), filesOf(two))
  await reconcile(bench.deps)
  assert.equal((await bench.engine.backup(one.id)).deletedAt, null)
  bench.clock.move(GRACE)
  await housekeep(bench.deps)
  assert.notEqual((await bench.engine.backup(one.id)).deletedAt, null)
})

test('what is in the trash and was away is there when it is back, and a rebuild lists what was removed while it was away', async t => {
  const bench = await testEngine(t)
  const [one] = [await bench.create(), await bench.create()]
  await (await bench.engine.remove(one.id, { force: false })).result
  const [trash, away] = [join(bench.directory, 'trash'), join(bench.directory, '..', 'away')]
  renameSync(trash, away)
  await reconcile(bench.deps)
  assert.equal((await bench.engine.backup(one.id)).deletedAt, null)
  bench.clock.move(GRACE)
  await housekeep(bench.deps)
  assert.notEqual((await bench.engine.backup(one.id)).deletedAt, null)
  rmSync(trash, { recursive: true, force: true })
  renameSync(away, trash)
  assert.equal((await (await bench.engine.rebuild()).result).stores[0]?.added, 1)
  const { backups: [back] } = await bench.engine.backups({ trashed: true, limit: 10 })
  await (await bench.engine.undelete(back?.id ?? 0)).result
  assert.equal((await (await bench.engine.verify(back?.id ?? 0)).result).verification.valid, true)
})

test('no manifest is written for a copy that is not there: it is missing, and is brought there again', async t => {
  const { offsite, directories } = await testOffsite(t, { far: {} })
  const bench = await testEngine(t, { offsite })
  const { id, key } = await bench.create({ upload: true })
  for (const name of filesOf({ key })) rmSync(join(directories['far'] ?? '', name))
  await bench.engine.edit(id, { description: 'edited' })
  await refreshManifest(bench.deps, id, offsite.get('far')!, never)
  assert.ok(!existsSync(join(directories['far'] ?? '', `${key}.manifest.json`)))
  assert.deepEqual((await bench.engine.backup(id)).copies.map(({ store, status }) => `${store} ${status}`), [
    'far missing',
    'local stored'
  ])
})
