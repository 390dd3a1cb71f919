import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Check } from '../../src/core/ports/verification.ts'
import { completed, END, INVALID, newBackup, newCatalog, VALID } from '../support/catalog/catalog.ts'
import { rejectsWith } from '../support/rejects.ts'

const LATER = new Date('2025-11-25T08:00:00.000Z')

test('the last verification stands in the row and all of them in the history, newest first', async t => {
  const { catalog } = await newCatalog(t)
  const { id } = await completed(catalog)
  await catalog.backups.recordVerification(id, VALID, END)
  const backup = await catalog.backups.recordVerification(id, INVALID, LATER)
  assert.deepEqual(backup.verification, { status: 'invalid', checkedAt: LATER, checks: INVALID.checks })
  assert.deepEqual(await catalog.backups.verifications(id), [
    { checkedAt: LATER, verification: { valid: false, checks: INVALID.checks } },
    { checkedAt: END, verification: { valid: true, checks: VALID.checks } }
  ])
})

test('a reason with any characters comes back as it was', async t => {
  const { catalog } = await newCatalog(t)
  const { id } = await completed(catalog)
  const checks: Check[] = [{ name: 'schema', status: 'fail', reason: '"quoted" \'\n\t ☃ \u0000 end' }]
  const backup = await catalog.backups.recordVerification(id, { valid: false, checks, remedy: null }, LATER)
  assert.deepEqual(backup.verification.checks, checks)
})

test('what did not complete is not verified', async t => {
  const { catalog } = await newCatalog(t)
  const { id } = await catalog.backups.start(newBackup())
  await rejectsWith('BACKUP_NOT_COMPLETED', catalog.backups.recordVerification(id, VALID, LATER))
})
