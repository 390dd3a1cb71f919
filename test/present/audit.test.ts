import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuditEntry } from '../../src/core/catalog/audit.ts'
import { auditEntrySchema, presentAuditEntry } from '../../src/present/audit.ts'
import { STARTED } from '../support/builders/backup.ts'

const ENTRY: AuditEntry = {
  id: 7,
  at: STARTED,
  origin: 'api',
  actor: 'ann',
  role: 'viewer',
  address: '192.0.2.1',
  action: 'backup create',
  target: null,
  outcome: 'refused',
  code: 'FORBIDDEN',
  requestId: 'r1',
  times: 3
}

test('an entry is shown whole, with its time in UTC', () => {
  assert.deepEqual(presentAuditEntry(ENTRY), { ...ENTRY, at: '2025-11-24T23:30:00.000Z' })
})

test('what is kept with an entry but not published stays inside', () => {
  const view = presentAuditEntry(Object.assign({ secret: 'x' }, ENTRY))
  assert.deepEqual(auditEntrySchema.strict().parse(view), view)
})
