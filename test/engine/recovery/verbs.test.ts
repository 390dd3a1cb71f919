import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askedJob } from '../../support/engine/asked-job.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'

test('a rebuild is a job that holds nothing', async t => {
  assert.deepEqual(await askedJob(t, engine => engine.rebuild()), {
    kind: 'rebuild',
    source: null,
    backupId: null,
    locks: []
  })
})

test('what names no store, and a place that is only read from, is refused before there is a job', async t => {
  const { engine } = await testEngine(t)
  await rejectsWith('VALIDATION_FAILED', engine.rebuild({ from: 'nonsense' }))
  await rejectsWith('VALIDATION_FAILED', engine.rebuild({ from: 'file:///mnt/disk', takeOver: true }))
  assert.deepEqual((await engine.jobs({ limit: 10 })).jobs, [])
})
