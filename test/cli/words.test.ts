import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inAge, inMinutes } from '../../src/cli/words.ts'

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

test('a time is told to the minute, in UTC', () => {
  assert.equal(inMinutes(new Date('2025-11-11T03:00:59+01:00')), '2025-11-11 02:00')
})
