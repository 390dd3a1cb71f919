import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { followed, workOf } from '../../../src/engine/jobs/work.ts'
import { aJob } from '../../support/builders/job.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { unobserved } from '../../support/unobserved-rejections.ts'

const failure = new BackupError('STORE_FAILED', 'the disk died')

test('a promise that nothing observes is seen here', async () => {
  assert.deepEqual(
    await unobserved(() => {
      void Promise.reject(failure)
    }),
    [failure]
  )
})

test('work that nobody waits for may fail, and so may what follows it', async () => {
  const failing = workOf(aJob({ id: 1 }), Promise.reject<number>(failure))
  assert.deepEqual(
    await unobserved(() => {
      workOf(aJob({ id: 1 }), Promise.reject(failure))
      followed(failing, async () => 1)
      followed(workOf(aJob({ id: 1 }), Promise.resolve(1)), () => Promise.reject(failure))
    }),
    []
  )
  await rejectsWith('STORE_FAILED', followed(failing, async () => 1).result)
})

test('what follows gets the outcome, and keeps the job', async () => {
  const { job, result } = followed(workOf(aJob({ id: 7 }), Promise.resolve(2)), async done => done + 1)
  assert.deepEqual([job.id, await result], [7, 3])
})
