import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event } from '../../src/core/event.ts'
import { presentBackup } from '../../src/present/backup.ts'
import { eventSchema, presentEvent } from '../../src/present/event.ts'
import { presentRestore } from '../../src/present/restore.ts'
import { aBackup } from '../support/builders/backup.ts'
import { aJob } from '../support/builders/job.ts'
import { aDrill, aRestore } from '../support/builders/restore.ts'
import { aRun } from '../support/builders/run.ts'
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

const alert = {
  id: 1,
  rule: 'backup_failed',
  source: 'shop',
  severity: 'critical',
  message: 'the last backup failed',
  remedy: 'Look.',
  raisedAt: new Date(0),
  clearedAt: null
} as const
const rescued = {
  table: 'account',
  chosen: 2,
  parents: 0,
  children: 0,
  inserted: 1,
  overwritten: 0,
  same: 1,
  skipped: 0,
  triggers: []
}
const EVENTS: { readonly [T in Event['type']]: Omit<Extract<Event, { readonly type: T }>, 'type'> } = {
  'job.updated': { job: aJob() },
  'backup.started': { backup },
  'backup.completed': { backup, durationMs: 5 },
  'backup.suspect': { backup },
  'backup.released': { backup },
  'backup.failed': { backup, code: 'DISK_FULL' },
  'backup.removed': { backup, reason: 'no rule keeps it' },
  'backup.trashed': { backup },
  'backup.undeleted': { backup },
  'backup.evicted': { backup },
  'rescue.completed': { backup, tables: [rescued] },
  'copy.stored': { backup, store: 'far', bytes: 100, durationMs: 5 },
  'copy.failed': { backup, store: 'far', code: 'STORE_UNAVAILABLE' },
  'restore.completed': { restore },
  'restore.failed': { restore, code: 'DISK_FULL' },
  'drill.finished': { drill: aDrill() },
  'verification.finished': { backup, verification: VALID, durationMs: 7 },
  'operation.failed': { operation: 'create', source: 'shop', method: null, code: 'DISK_FULL' },
  'alert.raised': { alert },
  'alert.cleared': { alert },
  'run.ended': { run: aRun() },
  'settings.changed': {}
}

for (const [name, given] of Object.entries(EVENTS)) {
  test(`the event ${name} is as its schema describes it, with nothing more`, () => {
    const data = presentEvent({ type: name, ...given } as Event, still)
    const parsed = eventSchema.parse({ event: name, data })
    assert.deepEqual(parsed, { event: name, data })
  })
}

test('an event that the schema does not name is none', () => {
  assert.equal(eventSchema.safeParse({ event: 'backup.exploded', data: {} }).success, false)
})
