import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRORS } from '../../src/core/errors.ts'
import { jobSchema, presentJob } from '../../src/present/job.ts'
import { aJob } from '../support/builders/job.ts'

const FAILED = { status: 'failed', errorCode: 'VALIDATION_FAILED', errorMessage: 'no column "Ann"' } as const

test('a job has the fields of its schema, with the progress of its present phase', () => {
  const view = presentJob(aJob(), 10)
  assert.deepEqual(jobSchema.strict().parse(view), view)
  assert.deepEqual([view.phase, view.percent, view.bytesDone, view.bytesTotal, view.bytesPerSecond], [
    'storing',
    25,
    25,
    100,
    10
  ])
})

test('the error of a job about rows is cut to its title for those who may not see rows', () => {
  for (const kind of ['diff', 'rescue', 'export'] as const) {
    const job = aJob({ kind, ...FAILED })
    assert.equal(presentJob(job, null).errorMessage, ERRORS.VALIDATION_FAILED.title)
    assert.equal(presentJob(job, null, { isContentShown: true }).errorMessage, FAILED.errorMessage)
  }
})

test('the error of any other job is shown to all, and a job about rows without one has none', () => {
  assert.equal(presentJob(aJob({ kind: 'restore', ...FAILED }), null).errorMessage, FAILED.errorMessage)
  assert.equal(presentJob(aJob({ kind: 'diff' }), null).errorMessage, null)
})
