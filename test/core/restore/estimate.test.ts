import assert from 'node:assert/strict'
import { test } from 'node:test'
import { estimateRestore } from '../../../src/core/restore/estimate.ts'
import type { Restore } from '../../../src/core/restore/restore.ts'
import { STARTED } from '../../support/builders/backup.ts'
import { aRestore } from '../../support/builders/restore.ts'

function took (seconds: number, given: Partial<Restore> = {}): Restore {
  return aRestore({ bytes: 1000, finishedAt: new Date(STARTED.getTime() + seconds * 1000), ...given })
}

test('the estimate is the median of the five newest, in whole', () => {
  const earlier = [2, 90, 3, 1, 4, 50, 50, 50].map(seconds => took(seconds))
  assert.deepEqual(estimateRestore(earlier, 1000), { milliseconds: 3000, from: 5 })
})

test('a larger backup takes longer in proportion, a smaller one as long', () => {
  assert.equal(estimateRestore([took(3)], 4000).milliseconds, 12_000)
  assert.equal(estimateRestore([took(3)], 10).milliseconds, 3000)
})

test('what failed, runs, or put nothing in place counts for nothing; then the size alone does', () => {
  const earlier = [took(9, { status: 'failed' }), took(9, { finishedAt: null }), took(9, { bytes: null })]
  assert.deepEqual(estimateRestore(earlier, 100_000_000), { milliseconds: 3000, from: 0 })
  assert.equal(estimateRestore([...earlier, took(7, { status: 'passed' })], 1).milliseconds, 7000)
})
