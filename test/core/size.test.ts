import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inSize } from '../../src/core/size.ts'

test('a size has one digit after the point, and never four before it', () => {
  const sizes = [0, 999, 1000, 15_300_000, 42_100_000, 999_949, 999_950, 999_999_999, 1e12, 3.2e15, 5e18]
  assert.deepEqual(sizes.map(inSize), [
    '0 B',
    '999 B',
    '1.0 kB',
    '15.3 MB',
    '42.1 MB',
    '999.9 kB',
    '1.0 MB',
    '1.0 GB',
    '1.0 TB',
    '3.2 PB',
    '5000.0 PB'
  ])
})
