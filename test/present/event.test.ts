import assert from 'node:assert/strict'
import { test } from 'node:test'
import { presentBackup } from '../../src/present/backup.ts'
import { presentEvent } from '../../src/present/event.ts'
import { presentRestore } from '../../src/present/restore.ts'
import { aBackup } from '../support/builders/backup.ts'
import { aJob } from '../support/builders/job.ts'
import { aDrill, aRestore } from '../support/builders/restore.ts'
import { VALID } from '../support/builders/verification.ts'

const still = (): null => null
const [backup, restore] = [aBackup(), aRestore()]

test('the event of a job has the rate at which it goes on', () => {
  assert.partialDeepStrictEqual(presentEvent({ type: 'job.updated', job: aJob({ id: 5 }) }, job => job.id * 10), {
    job: { id: 5, bytesPerSecond: 50 }
  })
})

test('the event stream shows nothing of the rows that a failed job met', () => {
  const job = aJob({ kind: 'rescue', status: 'failed', errorCode: 'VALIDATION_FAILED', errorMessage: 'id 4 is "Ann"' })
  assert.doesNotMatch(JSON.stringify(presentEvent({ type: 'job.updated', job }, still)), /Ann/)
})

test('the event of a backup has the backup as a route shows it, and what happened to it', () => {
  const view = presentBackup(backup)
  assert.deepEqual(presentEvent({ type: 'backup.started', backup }, still), { backup: view })
  assert.deepEqual(presentEvent({ type: 'backup.completed', backup, durationMs: 5 }, still), {
    backup: view,
    durationMs: 5
  })
  assert.deepEqual(presentEvent({ type: 'backup.removed', backup, reason: 'no rule keeps it' }, still), {
    backup: view,
    reason: 'no rule keeps it'
  })
  assert.deepEqual(presentEvent({ type: 'copy.failed', backup, store: 'far', code: 'STORE_UNAVAILABLE' }, still), {
    backup: view,
    store: 'far',
    code: 'STORE_UNAVAILABLE'
  })
})

test('the event of a drill has it without the report, which its route shows', () => {
  assert.deepEqual(presentEvent({ type: 'drill.finished', drill: aDrill() }, still), {
    drill: presentRestore(aDrill())
  })
  assert.deepEqual(presentEvent({ type: 'restore.failed', restore, code: 'DISK_FULL' }, still), {
    restore: presentRestore(restore),
    code: 'DISK_FULL'
  })
})

test('the event of a verification names its backup and how long it took', () => {
  assert.partialDeepStrictEqual(
    presentEvent({ type: 'verification.finished', backup, verification: VALID, durationMs: 7 }, still),
    { backupId: 1, valid: true, durationMs: 7 }
  )
})

test('changed settings are announced without their values', () => {
  assert.deepEqual(presentEvent({ type: 'settings.changed' }, still), {})
})
