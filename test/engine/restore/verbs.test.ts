import assert from 'node:assert/strict'
import { test } from 'node:test'
import { join } from 'node:path'
import { askedJob } from '../../support/engine/asked-job.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { shopDatabase } from '../../support/databases/shop.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('a restore is a job that holds the backup, and the source that it is written into', async t => {
  const target = join(tempDir(t), 'copy.db')
  assert.deepEqual(await askedJob(t, (engine, { id }) => engine.restore(id, {})), {
    kind: 'restore',
    source: 'shop',
    backupId: 1,
    locks: ['backup:1', 'source:shop']
  })
  assert.deepEqual((await askedJob(t, (engine, { id }) => engine.restore(id, { target }))).locks, ['backup:1'])
})

test('a drill is a job that holds its backup', async t => {
  assert.deepEqual(await askedJob(t, engine => engine.drill({ source: 'shop', actor: null })), {
    kind: 'drill',
    source: 'shop',
    backupId: 1,
    locks: ['backup:1']
  })
})

test('a comparison holds its backup, a rescue also the source unless it is a dry run', async t => {
  const selections = [{ table: 'customer' }]
  const { source } = shopDatabase(t)
  assert.deepEqual(await askedJob(t, (engine, { id }) => engine.diff(id, { with: 'live' }), source), {
    kind: 'diff',
    source: 'shop',
    backupId: 1,
    locks: ['backup:1']
  })
  assert.deepEqual(await askedJob(t, (engine, { id }) => engine.rescue(id, { selections, dryRun: false }), source), {
    kind: 'rescue',
    source: 'shop',
    backupId: 1,
    locks: ['backup:1', 'source:shop']
  })
  const dry = await askedJob(t, (engine, { id }) => engine.rescue(id, { selections, dryRun: true }), source)
  assert.deepEqual(dry.locks, ['backup:1'])
})

test('rows are extracted by a job that holds the backup, to a path that is checked before', async t => {
  const { source } = shopDatabase(t)
  const file = join(tempDir(t), 'rows.csv')
  assert.deepEqual(await askedJob(t, (engine, { id }) => engine.extract(id, { table: 'customer' }, file), source), {
    kind: 'rescue',
    source: 'shop',
    backupId: 1,
    locks: ['backup:1']
  })
  const { engine, create } = await testEngine(t, { sources: [source] })
  const { id } = await create()
  await rejectsWith('VALIDATION_FAILED', engine.extract(id, { table: 'customer' }, 'rows.csv'))
})

test('origin is where the source of a backup was', async t => {
  const { engine, source, create } = await testEngine(t)
  const { id } = await create()
  assert.equal(await engine.origin(id), source.location)
})
