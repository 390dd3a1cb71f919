import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromJson, toDate } from '../../src/catalog/json.ts'

test('JSON in the catalog is read; what is none is damage, and the error names the field', () => {
  assert.deepEqual(fromJson('["a"]', 'the list'), ['a'])
  assert.throws(() => fromJson('["a', 'the list'), { code: 'CATALOG_CORRUPT', message: /^the list / })
})

test('a time is read to the millisecond, and no time stays none', () => {
  assert.equal(toDate('2025-11-24T23:30:00.001Z').getTime(), 1_764_027_000_001)
  assert.equal(toDate(null), null)
})
