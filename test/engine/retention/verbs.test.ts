import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askedJob } from '../../support/engine/asked-job.ts'

test('a prune is a job that holds the retention of its sources, and a dry run holds nothing', async t => {
  assert.deepEqual(await askedJob(t, engine => engine.prune({ dryRun: false })), {
    kind: 'prune',
    source: null,
    backupId: null,
    locks: ['retention:busy', 'retention:shop']
  })
  assert.deepEqual(await askedJob(t, engine => engine.prune({ source: 'shop', dryRun: true })), {
    kind: 'prune',
    source: 'shop',
    backupId: null,
    locks: []
  })
})

test('a removal, and bringing back, hold the backup and the retention of its source', async t => {
  const locks = ['backup:1', 'retention:shop']
  assert.deepEqual(await askedJob(t, (engine, { id }) => engine.remove(id, { force: true })), {
    kind: 'delete',
    source: 'shop',
    backupId: 1,
    locks: ['backup:1', 'base:1', 'retention:shop']
  })
  assert.deepEqual(await askedJob(t, (engine, { id }) => engine.undelete(id)), {
    kind: 'undelete',
    source: 'shop',
    backupId: 1,
    locks
  })
})
