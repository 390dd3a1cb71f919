import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorCode } from '../../src/core/errors.ts'
import type { Run, RunChange } from '../../src/core/schedule/run.ts'
import { afterFailure, afterSuccess, isInTheWay, share } from '../../src/scheduler/outcome.ts'
import { aRun, DUE } from '../support/builders/run.ts'

const NOW = new Date(DUE.getTime() + 5000)
const after = (code: ErrorCode, given: Partial<Run> = {}): RunChange =>
  afterFailure(aRun({ attempts: 1, ...given }), { code, message: 'no' }, 7, NOW)

test('a run that succeeded is done, with its backup, and nothing is left of earlier failures', () => {
  assert.deepEqual(afterSuccess(7, NOW), {
    status: 'done',
    backupId: 7,
    reason: null,
    errorCode: null,
    nextAttemptAt: null,
    finishedAt: NOW
  })
})

test('what stands in the way is no attempt, and the run waits', () => {
  for (const code of ['BACKUP_IN_PROGRESS', 'BACKUP_BUSY', 'QUEUE_FULL', 'SHUTTING_DOWN'] as const) {
    assert.ok(isInTheWay(code))
    assert.deepEqual(after(code, { attempts: 3 }), { status: 'waiting', attempts: 2, nextAttemptAt: null })
  }
  assert.equal(isInTheWay('DISK_FULL'), false)
})

test('after an error that a retry can help the pauses grow, by up to a tenth each, and the fifth attempt is the last', () => {
  const minutes = [1, 2, 3, 4].map(attempts => {
    const { status, nextAttemptAt, backupId, reason, errorCode } = after('STORE_UNAVAILABLE', { attempts })
    assert.deepEqual([status, backupId, reason, errorCode], ['waiting', 7, 'no', 'STORE_UNAVAILABLE'])
    return (nextAttemptAt!.getTime() - NOW.getTime()) / 60_000
  })
  for (const [index, pause] of [1, 5, 15, 60].entries()) {
    assert.ok(minutes[index]! >= pause && minutes[index]! <= pause * 1.1, String(minutes[index]))
  }
  assert.deepEqual(after('STORE_UNAVAILABLE', { attempts: 5 }), {
    status: 'failed',
    backupId: 7,
    reason: 'no',
    errorCode: 'STORE_UNAVAILABLE',
    nextAttemptAt: null,
    finishedAt: NOW
  })
})

test('an error that no retry can help is the end of the run', () => {
  assert.deepEqual(after('SOURCE_MALFORMED'), {
    status: 'failed',
    backupId: 7,
    reason: 'no',
    errorCode: 'SOURCE_MALFORMED',
    nextAttemptAt: null,
    finishedAt: NOW
  })
})

test('a drill without a backup is skipped; a backup that is not found is a failure', () => {
  assert.deepEqual(after('BACKUP_NOT_FOUND', { kind: 'drill' }), {
    status: 'skipped',
    reason: 'no',
    nextAttemptAt: null,
    finishedAt: NOW
  })
  assert.equal(after('BACKUP_NOT_FOUND').status, 'failed')
})

test('a share is the same for the same text, and those of many texts spread from 0 to 1', () => {
  const shares = Array.from({ length: 1000 }, (_, index) => share(`source ${index}`))
  assert.deepEqual(shares, shares.map((_, index) => share(`source ${index}`)))
  for (let tenth = 0; tenth < 10; tenth++) {
    const count = shares.filter(one => Math.floor(one * 10) === tenth).length
    assert.ok(count > 50 && count < 150, `${count} of 1000 in part ${tenth}`)
  }
})
