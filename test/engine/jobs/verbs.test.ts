import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'

test('a job that runs is shown with its progress, alone and in the list', async t => {
  const { engine, faults } = await testEngine(t)
  const pause = faults.pause('inspector.inspect')
  const { job: { id }, result } = await engine.create({ type: 'manual' })
  await pause.reached
  const { phase } = (await engine.job(id)).progress
  assert.equal(phase, 'verifying')
  assert.deepEqual((await engine.jobs({ limit: 10 })).jobs.map(job => job.progress.phase), [phase])
  pause.go()
  await result
  assert.deepEqual([(await engine.job(id)).status, (await engine.job(id)).progress.phase], ['succeeded', 'done'])
})

test('cancelling a job that has ended, and one that there is not, is refused', async t => {
  const { engine } = await testEngine(t)
  const { job: { id }, result } = await engine.create({ type: 'manual' })
  await result
  await rejectsWith('JOB_FINISHED', engine.cancel(id))
  await rejectsWith('JOB_NOT_FOUND', engine.cancel(9))
  await rejectsWith('JOB_NOT_FOUND', engine.job(9))
})
