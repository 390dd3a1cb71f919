import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { acceptEmpty } from '../../../src/engine/recovery/accept-empty.ts'
import { housekeep } from '../../../src/engine/recovery/housekeep.ts'
import { alertFacts } from '../../../src/engine/status/alert-facts.ts'
import { commandLine } from '../../support/cli/command-line.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { testOffsite } from '../../support/stores/offsite.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never } from '../../support/streams.ts'
import { NOTHING_AROUND } from '../../support/engine/alert-facts.ts'

const PRUNE = { pattern: '0 4 * * *', timeZone: 'UTC' }

test('an empty place is accepted by a word: what other stores hold is read from there, the rest is marked lost', async t => {
  const { offsite, files } = await testOffsite(t, { far: {} })
  const bench = await commandLine(t, { instance: 'one', offsite })
  const { id } = await bench.create({ upload: true })
  const alone = await bench.create()
  assert.equal((await bench.holdfast('rebuild', '--accept-empty', '--confirm')).code, 2, 'nothing is lost yet')
  rmSync(bench.directory, { recursive: true })
  const there = files('far')
  assert.equal((await bench.holdfast('rebuild', '--accept-empty')).code, 2)
  assert.equal((await bench.holdfast('rebuild', '--accept-empty', '--confirm')).code, 0)
  const [copied, lost] = [await bench.engine.backup(id), await bench.engine.backup(alone.id)]
  assert.deepEqual([copied.copies.map(({ store, status }) => `${store} ${status}`), copied.deletedAt], [
    ['far stored'],
    null
  ])
  assert.deepEqual([lost.copies.map(({ store, status }) => `${store} ${status}`), lost.verification.status], [[
    'local missing'
  ], 'invalid'])
  await bench.create()
  await housekeep(bench.deps)
  assert.deepEqual([
    files('far'),
    (await alertFacts(bench.deps, [], PRUNE, NOTHING_AROUND)).refused,
    (await bench.json('restore', '--latest', '--output', '/x.db')).restore.status
  ], [there, [], 'completed'])
})

test("a store that is not empty, or that is another installation's, is left as it is", async t => {
  const one = await testEngine(t, { instance: 'one' })
  const { id } = await one.create()
  const files = one.files()
  const error = await rejectsWith('VALIDATION_FAILED', acceptEmpty(one.deps, never))
  assert.ok(error.message.includes(one.directory), error.message)
  const two = await testEngine(t, { instance: 'two', directory: one.directory })
  await rejectsWith('STORE_FOREIGN', acceptEmpty(two.deps, never))
  assert.deepEqual([one.files(), (await one.engine.backup(id)).verification.status], [files, 'valid'])
})

test('a store of ours that holds nothing any more is begun again as another store', async t => {
  const bench = await testEngine(t, { instance: 'one' })
  const backup = await bench.create()
  const before = await bench.deps.ownership.inspect(bench.deps.store, never)
  for (const file of bench.files()) rmSync(join(bench.directory, file))
  await acceptEmpty(bench.deps, never)
  const { state, marker } = await bench.deps.ownership.inspect(bench.deps.store, never)
  assert.equal(state, 'ours')
  assert.notEqual(marker?.store, before.marker?.store)
  assert.deepEqual((await bench.engine.backup(backup.id)).copies.map(({ status }) => status), ['missing'])
})

test('a place that cannot be written to is STORE_UNAVAILABLE, and nothing is marked lost', async t => {
  const bench = await testEngine(t, { instance: 'one' })
  const { id } = await bench.create()
  rmSync(bench.directory, { recursive: true })
  writeFileSync(bench.directory, 'a file in the place of the directory')
  await rejectsWith('STORE_UNAVAILABLE', acceptEmpty(bench.deps, never))
  assert.equal((await bench.engine.backup(id)).verification.status, 'valid')
})
