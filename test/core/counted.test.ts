import assert from 'node:assert/strict'
import { test } from 'node:test'
import { counted } from '../../src/core/counted.ts'

test('one is not several', () => {
  assert.deepEqual([0, 1, 2].map(count => counted(count, 'backup')), ['0 backups', '1 backup', '2 backups'])
  assert.deepEqual([1, 2].map(count => counted(count, 'entry', 'entries')), ['1 entry', '2 entries'])
})
