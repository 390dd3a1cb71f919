import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { makeCalendar } from '../../src/scheduler/calendar.ts'
import { CalendarWalk } from '../support/scheduler/calendar-walk.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Every time from `from` on and before `to`. */
function timesIn (pattern: string, timeZone: string, from: string, to: string): string[] {
  const calendar = makeCalendar()
  const times: string[] = []
  let time = calendar.next(pattern, timeZone, new Date(Date.parse(from) - 1))
  while (time !== null && time.toISOString() < new Date(to).toISOString()) {
    times.push(time.toISOString().slice(0, 16))
    time = calendar.next(pattern, timeZone, time)
  }
  return times
}

/** The day of a change in UTC, from noon to noon, pattern, and the times that are due. */
const CHANGES: ReadonlyArray<readonly [zone: string, day: string, pattern: string, times: readonly string[]]> = [
  // 02:00 to 03:00 is left out.
  ['Europe/Vienna', '2025-03-30', '30 2 * * *', ['2025-03-30T01:00']],
  ['Europe/Vienna', '2025-03-30', '0 3 * * *', ['2025-03-30T01:00']],
  ['Europe/Vienna', '2025-03-30', '15,45 2,3 * * *', ['2025-03-30T01:00', '2025-03-30T01:15', '2025-03-30T01:45']],
  ['Europe/Vienna', '2025-03-30', '15 2,4 * * 0', ['2025-03-30T01:00', '2025-03-30T02:15']],
  // 02:00 to 03:00 comes twice.
  ['Europe/Vienna', '2025-10-26', '30 2 * * *', ['2025-10-26T00:30']],
  ['Europe/Vienna', '2025-10-26', '*/30 1-3 * * *', [
    '2025-10-25T23:00',
    '2025-10-25T23:30',
    '2025-10-26T00:00',
    '2025-10-26T00:30',
    '2025-10-26T02:00',
    '2025-10-26T02:30'
  ]],
  ['America/New_York', '2025-03-09', '30 2 * * *', ['2025-03-09T07:00']],
  ['America/New_York', '2025-11-02', '30 1 * * *', ['2025-11-02T05:30']],
  // Half an hour is left out, from 02:00, and comes twice, from 01:30.
  ['Australia/Lord_Howe', '2025-10-05', '15 2 * * *', ['2025-10-04T15:30']],
  ['Australia/Lord_Howe', '2025-10-05', '45 2 * * *', ['2025-10-04T15:45']],
  ['Australia/Lord_Howe', '2025-04-06', '45 1 * * *', ['2025-04-05T14:45']],
  ['Australia/Lord_Howe', '2025-04-06', '0 2 * * *', ['2025-04-05T15:30']],
  // The first hour of a day is left out, and the last of one comes twice.
  ['America/Santiago', '2025-09-07', '0 0 * * 0', ['2025-09-07T04:00']],
  ['America/Santiago', '2025-04-06', '30 23 * * 6', ['2025-04-06T02:30']],
  ['Africa/Cairo', '2025-04-25', '30 0 * * *', ['2025-04-24T22:00']],
  ['Africa/Cairo', '2025-10-31', '30 23 * * *', ['2025-10-30T20:30']]
]

for (const [zone, day, pattern, times] of CHANGES) {
  test(`"${pattern}" in ${zone} on ${day} is due at ${times.join(', ')}`, () => {
    const noon = Date.parse(`${day}T12:00Z`)
    assert.deepEqual(timesIn(pattern, zone, new Date(noon - DAY).toISOString(), new Date(noon).toISOString()), times)
  })
}

test('what comes round every hour goes by the hours that pass, on a day of 23 and of 25', () => {
  for (const pattern of ['0 * * * *', '45 0-23 * * *', '15 */1 * * *', '30 0-12,13-23 * * *']) {
    assert.equal(timesIn(pattern, 'Europe/Vienna', '2025-03-29T23:00Z', '2025-03-30T22:00Z').length, 23, pattern)
    const long = timesIn(pattern, 'Europe/Vienna', '2025-10-25T22:00Z', '2025-10-26T23:00Z').map(time =>
      Date.parse(`${time}Z`)
    )
    assert.deepEqual(long.slice(1).map((time, index) => time - long[index]!), Array(24).fill(HOUR), pattern)
  }
})

test('no hour passes without a run of every hour where half an hour is left out', () => {
  const times = timesIn('15 * * * *', 'Australia/Lord_Howe', '2025-10-04T12:00Z', '2025-10-04T19:00Z').map(time =>
    Date.parse(`${time}Z`)
  )
  for (const [index, time] of times.slice(1).entries()) assert.ok(time - times[index]! <= HOUR)
})

test('a pattern that never comes round has no next and no last time', () => {
  const calendar = makeCalendar()
  assert.equal(calendar.next('0 0 30 2 *', 'UTC', new Date('2025-01-01')), null)
  assert.equal(calendar.previous('0 0 30 2 *', 'UTC', new Date('2025-01-01')), null)
})

test('29 February is found over the eight years without one', () => {
  const calendar = makeCalendar()
  assert.deepEqual(calendar.next('0 0 29 2 *', 'Europe/Vienna', new Date('2096-03-01')), new Date('2104-02-28T23:00Z'))
  assert.deepEqual(
    calendar.previous('0 0 29 2 *', 'Europe/Vienna', new Date('2104-02-28T22:59Z')),
    new Date('2096-02-28T23:00Z')
  )
})

const ZONES = [
  'UTC',
  'Europe/Vienna',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Santiago',
  'Africa/Cairo',
  'Asia/Kathmandu'
]
const field = (min: number, max: number) =>
  fc.oneof(
    fc.constant('*'),
    fc.integer({ min, max }).map(String),
    fc.integer({ min: 2, max: 20 }).map(step => `*/${step}`),
    fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 3 }).map(numbers => numbers.join(','))
  )
const patterns = fc.tuple(
  field(0, 59),
  fc.oneof({ weight: 3, arbitrary: field(0, 4) }, field(0, 23)),
  fc.constantFrom('*', '*', '1-7', '25-31'),
  fc.constant('*'),
  fc.constantFrom('*', '*', '0', '6,0')
)
  .map(([minute, hour, day, month, weekday]) => [minute, hour, day, month, day === '*' ? weekday : '*'].join(' '))

test('it is due exactly when a walk over every minute says', () => {
  const walks = new Map(ZONES.map(zone => {
    const walk = new CalendarWalk(zone)
    return [zone, { walk, changes: walk.changes(Date.UTC(2025, 0, 1), Date.UTC(2026, 0, 1)) }]
  }))
  const calendar = makeCalendar()
  fc.assert(
    fc.property(
      patterns,
      fc.constantFrom(...ZONES),
      fc.constantFrom(0, 1, 2, 3, 4),
      fc.integer({ min: 0, max: 2 * 1440 }),
      (pattern, zone, which, offset) => {
        const { walk, changes } = walks.get(zone)!
        const change = changes[which % Math.max(1, changes.length)] ?? Date.UTC(2025, 5, 1)
        const from = change - 2 * DAY + offset * MINUTE
        const expected = walk.times(pattern, from, from + 2 * DAY)
        const found: number[] = []
        let time = calendar.next(pattern, zone, new Date(from - 1))
        while (time !== null && time.getTime() < from + 2 * DAY) {
          found.push(time.getTime())
          time = calendar.next(pattern, zone, time)
        }
        assert.deepEqual(found, expected)
        // Whatever lies before the walk is nobody's business here.
        if (expected.length > 0) {
          assert.equal(
            calendar.previous(pattern, zone, new Date(from + 2 * DAY - 1))?.getTime(),
            expected.at(-1)
          )
        }
      }
    ),
    { numRuns: 150 }
  )
})
