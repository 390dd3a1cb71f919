import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inAge, inDuration, inMinutes, inSpan } from '../../src/cli/words.ts'

test('a span has its two largest units', () => {
  assert.deepEqual([0, 999, 61_000, 3_600_000, 3_661_000, 90_061_000, -5].map(inSpan), [
    '0 s',
    '0 s',
    '1 min 1 s',
    '1 h',
    '1 h 1 min',
    '1 d 1 h',
    '0 s'
  ])
})

test('an age has one unit, rounded down, and lies on the right side of now', () => {
  const now = new Date('2025-11-24T12:00:00Z')
  const ages = [0, 999, 1000, 59_999, 60_000, 7_199_999, 7_200_000, 86_400_000 * 400, -999, -3_600_000].map(ms =>
    inAge(new Date(now.getTime() - ms), now)
  )
  assert.deepEqual(ages, [
    'just now',
    'just now',
    '1 s ago',
    '59 s ago',
    '1 min ago',
    '1 h ago',
    '2 h ago',
    '400 d ago',
    'just now',
    'in 1 h'
  ])
})

test('a duration is exact while it is short', () => {
  assert.deepEqual([0, 1, 12_449, 59_999, 60_000, 754_000].map(inDuration), [
    '0.0 s',
    '0.0 s',
    '12.4 s',
    '60.0 s',
    '1 min',
    '12 min 34 s'
  ])
})

test('a time is told to the minute, in UTC', () => {
  assert.equal(inMinutes(new Date('2025-11-11T03:00:59+01:00')), '2025-11-11 02:00')
})
