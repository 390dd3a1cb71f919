import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../src/core/errors.ts'
import { failureSchema, presentFailure } from '../../src/present/failure.ts'

test('a failure has the code and the message of its error, and not what caused it', () => {
  const error = new BackupError('BACKUP_BUSY', 'a restore holds it', { cause: new Error('a path'), hint: 'Wait.' })
  const view = presentFailure({ backupId: 3, error })
  assert.deepEqual(view, { backupId: 3, code: 'BACKUP_BUSY', message: 'a restore holds it' })
  assert.deepEqual(failureSchema.strict().parse(view), view)
})
