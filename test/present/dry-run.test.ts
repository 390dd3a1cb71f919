import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../src/core/errors.ts'
import { dryRunSchema, presentDryRun } from '../../src/present/dry-run.ts'
import { aDryRun } from '../support/builders/restore.ts'

test('a dry run has the fields of its schema, and seconds to a tenth', () => {
  const view = presentDryRun(aDryRun({ estimate: { milliseconds: 2410, from: 2 } }))
  assert.deepEqual(dryRunSchema.strict().parse(view), view)
  assert.deepEqual([view.estimatedSeconds, view.estimatedFrom, view.obstacle], [2.5, 2, null])
})

test('what is in the way has code, message and hint', () => {
  const obstacle = new BackupError('RESTORE_TARGET_OPEN', 'it is open', { hint: 'Stop it.' })
  const view = presentDryRun(aDryRun({ tables: null, rowsUnknown: 'it is gone', obstacle }))
  assert.deepEqual(dryRunSchema.strict().parse(view), view)
  assert.deepEqual(view.obstacle, { code: 'RESTORE_TARGET_OPEN', message: 'it is open', hint: 'Stop it.' })
  assert.deepEqual([view.tables, view.rowsUnknown, view.counts], [null, 'it is gone', null])
  const counts = [{ table: 'public.t', backup: 3, live: null }]
  assert.deepEqual(dryRunSchema.strict().parse(presentDryRun(aDryRun({ counts }))).counts, counts)
})
