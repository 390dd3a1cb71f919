import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Alert } from '../../src/core/alert/alert.ts'
import { alertSchema, presentAlert } from '../../src/present/alert.ts'
import { STARTED } from '../support/builders/backup.ts'

const OPEN: Alert = {
  id: 1,
  rule: 'backup_failed',
  source: null,
  severity: 'critical',
  message: 'it failed',
  remedy: 'Make another.',
  raisedAt: STARTED,
  clearedAt: null
}

test('an open alert was never cleared, and one that is over says when', () => {
  assert.equal(presentAlert(OPEN).clearedAt, null)
  const clearedAt = new Date(STARTED.getTime() + 60_000)
  assert.equal(presentAlert({ ...OPEN, clearedAt }).clearedAt, '2025-11-24T23:31:00.000Z')
})

test('an alert has the fields of its schema and no others', () => {
  const view = presentAlert(OPEN)
  assert.deepEqual(alertSchema.strict().parse(view), view)
})
