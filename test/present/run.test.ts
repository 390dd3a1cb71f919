import assert from 'node:assert/strict'
import { test } from 'node:test'
import { presentRun, runSchema } from '../../src/present/run.ts'
import { aRun, DUE } from '../support/builders/run.ts'

test('a run that waits has not begun and has not ended', () => {
  const view = presentRun(aRun())
  assert.deepEqual(runSchema.strict().parse(view), view)
  assert.deepEqual([view.dueAt, view.nextAttemptAt, view.startedAt, view.finishedAt], [
    '2025-11-24T03:00:00.000Z',
    null,
    null,
    null
  ])
})

test('a run that failed shows when, why and after how many attempts', () => {
  const view = presentRun(
    aRun({
      status: 'failed',
      attempts: 3,
      startedAt: DUE,
      finishedAt: DUE,
      errorCode: 'SOURCE_LOCKED',
      reason: 'locked'
    })
  )
  assert.deepEqual([view.attempts, view.finishedAt, view.errorCode, view.reason], [
    3,
    DUE.toISOString(),
    'SOURCE_LOCKED',
    'locked'
  ])
})
