import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withWhereabouts } from '../../src/cli/guards.ts'
import { BackupError } from '../../src/core/errors.ts'

test('a key that is missing here, and that the server has, is told with its variable', () => {
  const missing = new BackupError('KEY_MISSING', 'the private key of "age1x" is not here', { hint: 'Give it.' })
  const told = withWhereabouts(missing, { lacks: ['JWT_SECRET', 'BACKUP_AGE_IDENTITY'] })
  assert.ok(told instanceof BackupError)
  assert.deepEqual([told.code, told.message], [
    'KEY_MISSING',
    'the private key of "age1x" is not here; the server has BACKUP_AGE_IDENTITY, and this command does not'
  ])
  assert.match(told.hint ?? '', /BACKUP_AGE_IDENTITY_FILE/)
})

test('without such a secret, and of any other error, nothing more is said', () => {
  const missing = new BackupError('KEY_MISSING', 'it is not here')
  const other = new BackupError('DISK_FULL', 'it is full')
  assert.equal(withWhereabouts(missing, { lacks: ['JWT_SECRET'] }), missing)
  assert.equal(withWhereabouts(other, { lacks: ['BACKUP_AGE_IDENTITY'] }), other)
})
