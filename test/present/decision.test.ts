import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Retained } from '../../src/core/retention/retention.ts'
import { copyDecisionSchema, presentCopyDecision, presentDecision } from '../../src/present/decision.ts'
import { backupOf } from '../support/builders/backup.ts'

const GOES: Retained = {
  backup: backupOf(3, { key: 'trash/shop-backup-3.db', schedule: 'daily' }),
  keep: false,
  isBeyond: false,
  removal: 'erase',
  reasons: ['no rule keeps it']
}

test('a decision names the file of its backup without the folder, and why', () => {
  const { fileName, keep, removal, reasons, schedule } = presentDecision(GOES)
  assert.deepEqual([fileName, keep, removal, reasons, schedule], [
    'shop-backup-3.db',
    false,
    'erase',
    ['no rule keeps it'],
    'daily'
  ])
})

test('a decision about a copy names its store too', () => {
  const view = presentCopyDecision({ ...GOES, store: 'far' })
  assert.deepEqual(copyDecisionSchema.strict().parse(view), { ...presentDecision(GOES), store: 'far' })
})
