import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../src/core/errors.ts'
import { isUndecryptable, noKeyFits, undecryptable } from '../../src/pipeline/undecryptable.ts'

test('what cannot be unsealed is told apart from what cannot be decompressed, and from a missing key', () => {
  assert.equal(isUndecryptable(undecryptable('the tag differs')), true)
  assert.equal(isUndecryptable(new BackupError('DECODE_FAILED', 'no frame')), false)
  assert.equal(isUndecryptable(noKeyFits('the file')), false)
})

test('the errors keep their hint and their cause', () => {
  const cause = new Error('inner')
  const error = undecryptable('the tag differs', { hint: 'Fetch it again.', cause })
  assert.deepEqual([error.code, error.hint, error.cause], ['DECODE_FAILED', 'Fetch it again.', cause])
  assert.deepEqual([noKeyFits('x', cause).code, noKeyFits('x', cause).cause], ['KEY_MISSING', cause])
})
