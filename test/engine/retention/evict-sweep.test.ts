import assert from 'node:assert/strict'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { evictionSweep } from '../../../src/engine/retention/evict.ts'
import { filesOf, testEngine } from '../../support/engine/engine.ts'
import { testOffsite } from '../../support/stores/offsite.ts'

test('a sweep goes through all backups step by step, whatever part of them each store has, and begins again', async t => {
  const { offsite, directories } = await testOffsite(t, { far: {}, near: {} })
  const bench = await testEngine(t, { offsite, policies: { shop: { keepLocal: false, stores: ['far'] } } })
  const made = []
  for (let n = 0; n < 5; n++) made.push(await bench.create({ upload: n !== 2 }))
  assert.deepEqual(bench.files(), filesOf(made[2]!))
  // What a crash leaves: both, the object alone, the manifest alone.
  const [first, , , fourth, last] = made
  for (const file of [...filesOf(first!), fourth!.key, `${last!.key}.manifest.json`]) {
    writeFileSync(join(bench.directory, file), 'left')
  }
  const sweep = evictionSweep(bench.deps, 2)
  await sweep()
  assert.deepEqual(bench.files(), [...filesOf(first!), ...filesOf(made[2]!)].toSorted())
  for (let step = 0; step < 3; step++) await sweep()
  assert.deepEqual(bench.files(), filesOf(made[2]!))
  writeFileSync(join(bench.directory, last!.key), 'left')
  for (let step = 0; step < 4; step++) await sweep()
  assert.deepEqual(bench.files(), filesOf(made[2]!))
  // Nothing is removed for a copy that is not there.
  renameSync(join(directories['far'] ?? '', last!.key), join(directories['far'] ?? '', 'away'))
  writeFileSync(join(bench.directory, last!.key), 'left')
  for (let step = 0; step < 4; step++) await sweep()
  assert.deepEqual(bench.files(), [last!.key, ...filesOf(made[2]!)].toSorted())
})

test('a sweep reads no list of backups and no list of a store', async t => {
  const { offsite } = await testOffsite(t, { far: {} })
  const bench = await testEngine(t, { offsite, policies: { shop: { keepLocal: false } } })
  for (let n = 0; n < 3; n++) await bench.create({ upload: n > 0 })
  bench.deps.catalog.backups.existing = () => {
    throw new Error('the list of backups was read')
  }
  bench.deps.store.list = () => {
    throw new Error('the store was listed')
  }
  await evictionSweep(bench.deps)()
})
