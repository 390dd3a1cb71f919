import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newCatalog, START } from '../support/catalog/catalog.ts'

const LATER = new Date(START.getTime() + 1000)

test('hooks are pending from their begin to their end, by source, with the last error', async t => {
  const { catalog: { hooks } } = await newCatalog(t)
  await hooks.begin('shop', 1, START)
  await hooks.begin('blog', 2, START)
  await hooks.fail('shop', 'exit code 1')
  assert.deepEqual(await hooks.pending(), [
    { source: 'blog', jobId: 2, startedAt: START, error: null },
    { source: 'shop', jobId: 1, startedAt: START, error: 'exit code 1' }
  ])
  await hooks.begin('shop', 3, LATER)
  await hooks.end('blog')
  assert.deepEqual(await hooks.pending(), [{ source: 'shop', jobId: 3, startedAt: LATER, error: null }])
})

test('a job keeps the output of its commands for as long as it is remembered itself', async t => {
  const { catalog: { jobs } } = await newCatalog(t)
  const added = await jobs.add({ kind: 'create', source: 'shop', backupId: null, leases: [], createdAt: START })
  assert.ok('job' in added)
  const { id } = added.job
  for (const text of ['one', 'two']) await jobs.addLog(id, { at: START, text })
  assert.deepEqual(await jobs.log(id), [{ at: START, text: 'one' }, { at: START, text: 'two' }])
  const progress = { phase: 'done', bytesDone: 0, bytesTotal: null } as const
  await jobs.change(id, { status: 'running', at: START, progress, backupId: null })
  await jobs.change(id, { status: 'succeeded', at: START, progress, backupId: null })
  assert.equal(await jobs.purge(LATER), 1)
  assert.deepEqual(await jobs.log(id), [])
})
