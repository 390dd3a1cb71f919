import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keySchema, presentKey } from '../../src/present/key.ts'
import { STARTED } from '../support/builders/backup.ts'

const KEY = {
  id: 'age1abc',
  encryption: 'age',
  isPrivate: true,
  isInUse: false,
  backups: 3,
  confirmedAt: null,
  confirmedBy: null
} as const

test('a key has the fields of its schema; one without an end never expires', () => {
  const view = presentKey(KEY)
  assert.deepEqual(keySchema.strict().parse(view), view)
  assert.deepEqual([view.private, view.inUse, view.expiresAt], [true, false, null])
})

test('a key shows when it expires and who confirmed its card', () => {
  const view = presentKey({ ...KEY, confirmedAt: STARTED, confirmedBy: 'ann', expiresAt: STARTED })
  const at = STARTED.toISOString()
  assert.deepEqual([view.confirmedAt, view.confirmedBy, view.expiresAt], [at, 'ann', at])
})
