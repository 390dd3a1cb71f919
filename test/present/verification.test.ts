import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completeChecks, conclude } from '../../src/core/ports/verification.ts'
import { presentVerified, verifiedSchema } from '../../src/present/verification.ts'
import { aBackup } from '../support/builders/backup.ts'
import { VALID } from '../support/builders/verification.ts'
import { SQLITE_CHECKS } from '../../src/sources/sqlite/checks.ts'

test('a verification has the fields of its schema, every check among them', () => {
  const view = presentVerified({ backup: aBackup({ id: 5 }), verification: VALID })
  assert.deepEqual(verifiedSchema.strict().parse(view), view)
  assert.deepEqual(view.checks, VALID.checks)
  assert.deepEqual([view.backupId, view.valid, view.message], [5, true, 'Backup is valid'])
})

test('of a damaged backup the message names the check that failed, and what to do', () => {
  const verification = conclude(
    completeChecks([{ name: 'checksum', status: 'fail', reason: 'the digest differs' }], SQLITE_CHECKS, 'not reached'),
    SQLITE_CHECKS
  )
  const view = presentVerified({ backup: aBackup(), verification })
  assert.equal(view.valid, false)
  assert.match(view.message, /^Backup is not valid: checksum failed \(the digest differs\)\. \w/)
})
