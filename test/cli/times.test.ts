import assert from 'node:assert/strict'
import { test } from 'node:test'
import { screenOn } from '../../src/cli/screen.ts'
import { table } from '../../src/cli/table.ts'
import { inTime, timeColumns } from '../../src/cli/times.ts'
import { FakeClock } from '../support/fake-clock.ts'

const time = new Date('2025-11-24T23:30:00Z')
const now = new Date('2025-11-25T01:30:00Z')

test('a time is in UTC, on the clock of the reader with the day where it is another, and an age', () => {
  assert.deepEqual(
    ['Europe/Vienna', 'America/New_York', 'Asia/Kathmandu', 'UTC', 'Etc/UTC'].map(timeZone =>
      inTime(time, { now, timeZone })
    ),
    [
      '2025-11-24 23:30:00 UTC (2025-11-25 00:30 local, 2 h ago)',
      '2025-11-24 23:30:00 UTC (18:30 local, 2 h ago)',
      '2025-11-24 23:30:00 UTC (2025-11-25 05:15 local, 2 h ago)',
      '2025-11-24 23:30:00 UTC (2 h ago)',
      '2025-11-24 23:30:00 UTC (2 h ago)'
    ]
  )
})

test('the clock of the reader is that of the time, also before and after it was changed', () => {
  const local = ['2025-10-26T00:59:00Z', '2025-10-26T01:00:00Z'].map(at =>
    inTime(new Date(at), { now, timeZone: 'Europe/Vienna' })
  )
  assert.deepEqual(local, [
    '2025-10-26 00:59:00 UTC (02:59 local, 30 d ago)',
    '2025-10-26 01:00:00 UTC (02:00 local, 30 d ago)'
  ])
})

test('a table has the local time in a column of its own, which goes first where there is no room', () => {
  const print = (timeZone: string, width: number): string[] =>
    table(timeColumns<Date>('MADE', at => at, { now, timeZone }, { expendable: 1 }), [time], {
      width,
      colours: screenOn({ write () {} }, {}, new FakeClock()).colours
    }).trimEnd().split('\n')
  assert.deepEqual(print('Europe/Vienna', 80), [
    'MADE (UTC)        LOCAL                 AGE',
    '2025-11-24 23:30  2025-11-25 00:30  2 h ago'
  ])
  assert.deepEqual(print('Europe/Vienna', 30), ['MADE (UTC)            AGE', '2025-11-24 23:30  2 h ago'])
  assert.deepEqual(print('UTC', 80), ['MADE (UTC)            AGE', '2025-11-24 23:30  2 h ago'])
})

test('the zone of the reader is that of TZ, or that of the machine where TZ names none of the IANA database', () => {
  const zone = (TZ?: string): string =>
    screenOn({ write () {} }, TZ === undefined ? {} : { TZ }, new FakeClock()).timeZone
  const own = new Intl.DateTimeFormat('en').resolvedOptions().timeZone
  assert.deepEqual(['Europe/Vienna', 'UTC', '', ':/etc/localtime', 'CET-1CEST'].map(zone), [
    'Europe/Vienna',
    'UTC',
    own,
    own,
    own
  ])
  assert.equal(zone(), own)
})
