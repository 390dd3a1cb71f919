import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JOB_STATUSES, isFinished, percent, type Job } from '../../src/core/job.ts'

test('the share done is in whole percent, rounded down', () => {
  assert.equal(percent({ phase: 'storing', bytesDone: 0, bytesTotal: 300 }), 0)
  assert.equal(percent({ phase: 'storing', bytesDone: 299, bytesTotal: 300 }), 99)
  assert.equal(percent({ phase: 'verifying', bytesDone: 300, bytesTotal: 300 }), 100)
})

test('where the total is not known there is no share', () => {
  assert.equal(percent({ phase: 'probing', bytesDone: 5, bytesTotal: null }), null)
})

test('more bytes than were announced are no more than all', () => {
  assert.equal(percent({ phase: 'storing', bytesDone: 500, bytesTotal: 300 }), 100)
})

test('of nothing nothing is done, until the job is', () => {
  assert.equal(percent({ phase: 'storing', bytesDone: 0, bytesTotal: 0 }), 0)
  assert.equal(percent({ phase: 'done', bytesDone: 0, bytesTotal: null }), 100)
})

test('a job has ended unless it is queued or running', () => {
  assert.deepEqual(JOB_STATUSES.filter(status => !isFinished({ status } as Job)), ['queued', 'running'])
})
