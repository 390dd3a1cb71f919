import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRORS } from '../../src/core/errors.ts'
import { errorCode, instant, iso } from '../../src/present/common.ts'
import { STARTED } from '../support/builders/backup.ts'

test('a time is written in UTC with milliseconds, and no time stays none', () => {
  assert.equal(iso(STARTED), '2025-11-24T23:30:00.000Z')
  assert.equal(iso(null), null)
})

test('the schema of a time takes what is written, and no other form', () => {
  assert.ok(instant.safeParse(iso(STARTED)).success)
  for (const other of ['2025-11-24T23:30:00Z', '2025-11-24T23:30:00.000+01:00', '2025-11-24']) {
    assert.ok(!instant.safeParse(other).success, other)
  }
})

test('the published error codes are those of the program', () => {
  assert.deepEqual(errorCode.options.toSorted(), Object.keys(ERRORS).toSorted())
})
