import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nextDue } from '../../../src/core/schedule/schedule.ts'

const HOUR = 3_600_000
const NOW = new Date('2025-11-24T23:30:00.000Z')

function ago (ms: number): Date {
  return new Date(NOW.getTime() - ms)
}

test('where there was none it is due at once', () => {
  assert.deepEqual(nextDue(null, HOUR, NOW), NOW)
})

test('it is due one interval after the last began', () => {
  assert.deepEqual(nextDue(ago(HOUR / 4), HOUR, NOW), ago(-HOUR * 3 / 4))
})

test('it is due at once when the time has passed, once and not once for each interval missed', () => {
  assert.deepEqual(nextDue(ago(HOUR), HOUR, NOW), NOW)
  assert.deepEqual(nextDue(ago(100 * HOUR), HOUR, NOW), NOW)
})

test('a last one in the future, because the clock was set back, is waited for no longer than an interval', () => {
  assert.deepEqual(nextDue(ago(-1000 * HOUR), HOUR, NOW), ago(-HOUR))
})

test('it is never due before now and never later than an interval from now', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -1e12, max: 1e12 }),
      fc.integer({ min: 1000, max: 366 * 86_400_000 }),
      (past, interval) => {
        const due = nextDue(ago(past), interval, NOW).getTime() - NOW.getTime()
        assert.ok(due >= 0 && due <= interval)
      }
    )
  )
})
