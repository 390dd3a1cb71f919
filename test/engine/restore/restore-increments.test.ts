import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { chainImageOf, totalImageOf } from '../../../src/core/backup/manifest.ts'
import { rebuild } from '../../../src/engine/recovery/rebuild.ts'
import { chained, growingEngine, LINE } from '../../support/engine/growing.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { GrowingSource } from '../../support/sources/growing-source.ts'
import { testOffsite } from '../../support/stores/offsite.ts'
import { never } from '../../support/streams.ts'

test('each link of a chain is verified, drilled, and restored to the text of its time', async t => {
  const bench = await growingEngine(t, {
    assertions: { notes: [{ name: 'lines', sql: LINE, min: 0, max: 3 }] }
  })
  const { engine, restorer } = bench
  const texts = await chained(bench)
  for (const [index, text] of texts.entries()) {
    const id = index + 1
    assert.equal((await (await engine.verify(id)).result).verification.valid, true)
    assert.equal((await (await engine.drill({ id, actor: null })).result).status, 'passed')
    for (const verify of [true, false]) {
      const target = `/elsewhere/${id}-${verify}`
      await (await engine.restore(id, { target, verify })).result
      assert.equal(restorer.files.get(target)?.toString(), text)
    }
    const inPlace = await (await engine.restore(id, {})).result
    assert.equal(inPlace.status, 'completed')
    assert.equal(bench.notes.bytes.toString(), text)
  }
})

test('the bytes of a drill and the space of a dry run are those of the whole chain', async t => {
  const bench = await growingEngine(t)
  const { engine } = bench
  await chained(bench)
  const manifests = await Promise.all([1, 2, 3, 4].map(id => engine.manifest(id)))
  const whole = chainImageOf(manifests.map(manifest => manifest!))
  assert.ok(whole > totalImageOf(manifests[3]!))
  assert.equal((await (await engine.drill({ id: 4, actor: null })).result).bytes, whole)
  const { space } = await (await engine.restoreDryRun(4, { target: '/elsewhere/4' })).result
  assert.equal(space.find(({ use }) => use === 'target')?.needed, whole)
})

test('bytes of a link that were changed are found before any of them are restored', async t => {
  const bench = await growingEngine(t)
  const { engine, directory, restorer } = bench
  await chained(bench)
  const path = join(directory, (await engine.backup(2)).key)
  writeFileSync(path, Buffer.alloc(readFileSync(path).length))
  for (const verify of [true, false]) {
    await rejectsWith('CHECKSUM_MISMATCH', (await engine.restore(4, { target: '/elsewhere', verify })).result)
  }
  assert.equal(restorer.files.size, 0)
  // Nor is the present text backed up before that.
  for (const verify of [true, false]) {
    await rejectsWith('CHECKSUM_MISMATCH', (await engine.restore(4, { verify })).result)
  }
  assert.equal((await engine.backups({ limit: 100 })).count, 4)
})

test('what is built on stays until the increments are gone, and retention removes whole chains', async t => {
  const bench = await growingEngine(t, { type: 'scheduled', settings: { maxBackups: 1 } })
  const { engine, increment, create } = bench
  await chained(bench)
  for (const id of [1, 2, 3]) {
    await rejectsWith('BACKUP_HAS_CHILDREN', (await engine.remove(id, { force: true })).result)
  }
  const live = async (): Promise<readonly number[]> =>
    (await engine.backups({ limit: 100 })).backups.map(({ id }) => id).toReversed()
  assert.deepEqual(await live(), [1, 2, 3, 4])
  await create()
  assert.deepEqual(await live(), [5])
  await increment()
  assert.deepEqual(await live(), [5, 6])
})

test('a chain is adopted from a store that has all of it, and can be restored and gone on with', async t => {
  const { offsite } = await testOffsite(t, { far: {} })
  const bench = await growingEngine(t, { offsite })
  const texts = await chained(bench)
  // The newest alone is asked for: what it is built on comes along.
  await (await bench.engine.upload(4, { store: 'far' })).result
  const notes = new GrowingSource('notes')
  notes.bytes = bench.notes.bytes
  const after = await testEngine(t, { sources: [notes], offsite })
  after.clock.move(60_000)
  await rebuild(after.deps, { stores: [offsite.get('far')!.store], isListing: false }, never)
  const { backups } = await after.engine.backups({ limit: 100 })
  assert.deepEqual(backups.map(({ id, parentId, link }) => [id, parentId, link?.depth]), [
    [4, 3, 3],
    [3, 2, 2],
    [2, 1, 1],
    [1, null, 0]
  ])
  await (await after.engine.restore(4, { target: '/elsewhere' })).result
  assert.equal(after.restorer.files.get('/elsewhere')?.toString(), texts.at(-1))
  notes.add(LINE)
  assert.equal((await after.create({ method: 'incremental' })).parentId, 4)
})

for (const verify of [true, false]) {
  test(`a backup with a good copy elsewhere is no obstacle where its local copy was found damaged, ${verify ? 'verified' : 'not verified'}`, async t => {
    const { offsite } = await testOffsite(t, { far: {} })
    const bench = await growingEngine(t, { offsite })
    const { engine, directory, restorer } = bench
    const texts = await chained(bench)
    await (await engine.upload(4, { store: 'far' })).result
    const path = join(directory, (await engine.backup(2)).key)
    writeFileSync(path, Buffer.alloc(readFileSync(path).length))
    assert.equal((await (await engine.verify(2)).result).verification.valid, false)
    const { status, warnings } = await (await engine.restore(4, { target: '/elsewhere', verify })).result
    assert.equal(status, 'completed')
    assert.equal(restorer.files.get('/elsewhere')?.toString(), texts[3])
    assert.match(warnings.join(), /^the copy of backup 2 at ".*" is damaged and was not used: /)
    // The result is that of the copies that were read: what is recorded of the backups stays.
    assert.equal((await engine.backup(2)).verification.status, 'invalid')
  })
}

test('content of a parent that was found bad in bytes that are as they were written is bad in each copy', async t => {
  const { offsite } = await testOffsite(t, { far: {} })
  const bench = await growingEngine(t, { offsite })
  const { engine, deps, restorer, clock } = bench
  await chained(bench)
  await (await engine.upload(4, { store: 'far' })).result
  await deps.catalog.backups.recordVerification(2, {
    valid: false,
    checks: [{ name: 'checksum', status: 'pass' }, { name: 'opens_read_only', status: 'fail', reason: 'no text' }],
    remedy: null
  }, clock.now())
  await rejectsWith('BACKUP_INVALID', (await engine.restore(4, { target: '/elsewhere' })).result)
  assert.equal(restorer.files.size, 0)
})
