import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Periods } from '../../../src/core/retention/period.ts'
import type { Tier } from '../../../src/core/tier.ts'

const NOTHING = { years: 0, months: 0, days: 0, hours: 0 }

const named: ReadonlyArray<readonly [Tier, string, string, string]> = [
  ['weekly', 'UTC', '2024-12-29T23:59:59.999Z', '2024-W52'],
  ['weekly', 'UTC', '2024-12-30T00:00:00.000Z', '2025-W01'],
  ['weekly', 'UTC', '2021-01-03T12:00:00.000Z', '2020-W53'],
  ['weekly', 'UTC', '2025-11-24T12:00:00.000Z', '2025-W48'],
  ['yearly', 'Pacific/Auckland', '2025-12-31T11:00:00.000Z', '2026'],
  ['monthly', 'America/New_York', '2025-12-01T04:59:59.999Z', '2025-11'],
  ['daily', 'Asia/Kathmandu', '2025-11-24T18:15:00.000Z', '2025-11-25'],
  ['hourly', 'Europe/Vienna', '2025-10-26T00:30:00.000Z', '2025-10-26T02 +02:00'],
  ['hourly', 'Europe/Vienna', '2025-10-26T01:30:00.000Z', '2025-10-26T02 +01:00'],
  ['hourly', 'America/St_Johns', '2025-11-24T12:00:00.000Z', '2025-11-24T08 -03:30']
]

for (const [tier, zone, instant, name] of named) {
  test(`${instant} in ${zone} belongs to ${name}`, () => {
    assert.equal(new Periods(zone).periodOf(tier, new Date(instant)), name)
  })
}

const spans: ReadonlyArray<readonly [string, string, Partial<typeof NOTHING>, string, string]> = [
  [
    'a day is a day of the calendar, also one of 23 hours',
    'Europe/Vienna',
    { days: 1 },
    '2025-03-30T20:00:00.000Z',
    '2025-03-29T21:00:00.000Z'
  ],
  [
    '24 hours are 24 hours on that day, too',
    'Europe/Vienna',
    { hours: 24 },
    '2025-03-30T20:00:00.000Z',
    '2025-03-29T20:00:00.000Z'
  ],
  [
    'a time that comes twice is the first of the two',
    'Europe/Vienna',
    { days: 1 },
    '2025-10-27T01:30:00.000Z',
    '2025-10-26T00:30:00.000Z'
  ],
  [
    'a time that is left out is as if the clock had not been changed',
    'Europe/Vienna',
    { days: 1 },
    '2025-03-31T00:30:00.000Z',
    '2025-03-30T01:30:00.000Z'
  ],
  [
    'the 31st is the last of a shorter month',
    'UTC',
    { months: 1 },
    '2025-03-31T10:20:30.456Z',
    '2025-02-28T10:20:30.456Z'
  ],
  ['months reach over years', 'UTC', { months: 14 }, '2025-01-15T00:00:00.000Z', '2023-11-15T00:00:00.000Z'],
  [
    'days are counted after the month was found',
    'UTC',
    { months: 1, days: 1 },
    '2025-03-31T00:00:00.000Z',
    '2025-02-27T00:00:00.000Z'
  ]
]

for (const [name, zone, span, now, limit] of spans) {
  test(name, () => {
    assert.equal(new Periods(zone).before(new Date(now), { ...NOTHING, ...span }).toISOString(), limit)
  })
}

test('a zone that there is not is a RangeError', () => {
  assert.throws(() => new Periods('Europe/Atlantis'), RangeError)
})
