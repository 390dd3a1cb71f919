import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePastTime } from '../../src/cli/past-time.ts'

const now = new Date('2025-11-24T23:30:00Z')
const parse = (text: string, timeZone = 'UTC', at = now): string =>
  parsePastTime(text, { now: at, timeZone }).toISOString()

test('a day begins in UTC, and a time has its zone', () => {
  assert.deepEqual(['2025-11-10', '2025-11-10T14:30Z', '2025-11-10T14:30:05.5+01:00'].map(text => parse(text)), [
    '2025-11-10T00:00:00.000Z',
    '2025-11-10T14:30:00.000Z',
    '2025-11-10T13:30:05.500Z'
  ])
})

test('a span is before now, with or without "ago"', () => {
  assert.deepEqual(
    ['7d', '2h ago', '2 hours ago', '90 min', '1 Week AGO', '30s', '5m', 'now'].map(text => parse(text)),
    [
      '2025-11-17T23:30:00.000Z',
      '2025-11-24T21:30:00.000Z',
      '2025-11-24T21:30:00.000Z',
      '2025-11-24T22:00:00.000Z',
      '2025-11-17T23:30:00.000Z',
      '2025-11-24T23:29:30.000Z',
      '2025-11-24T23:25:00.000Z',
      '2025-11-24T23:30:00.000Z'
    ]
  )
})

test('today and yesterday begin at midnight on the clock of the reader', () => {
  assert.deepEqual([parse('today'), parse('yesterday')], ['2025-11-24T00:00:00.000Z', '2025-11-23T00:00:00.000Z'])
  // There it is half past midnight of the 25th.
  assert.deepEqual([parse('today', 'Europe/Vienna'), parse('yesterday', 'Europe/Vienna')], [
    '2025-11-24T23:00:00.000Z',
    '2025-11-23T23:00:00.000Z'
  ])
})

test('where midnight comes twice the day begins at the first one', () => {
  // In Havana the clock goes from 01:00 back to 00:00.
  assert.equal(parse('today', 'America/Havana', new Date('2025-11-02T17:00:00Z')), '2025-11-02T04:00:00.000Z')
})

test('yesterday begins at midnight although the clock was changed since', () => {
  const at = new Date('2025-10-26T12:00:00Z')
  assert.deepEqual([parse('today', 'Europe/Vienna', at), parse('yesterday', 'Europe/Vienna', at)], [
    '2025-10-25T22:00:00.000Z',
    '2025-10-24T22:00:00.000Z'
  ])
})

for (
  const text of ['', 'soon', '7', '7x', '-7d', '7d later', '2025-13-01', '2025-11-10 14:30', '2025-11-10T14:30', 'ago']
) {
  test(`"${text}" is no time`, () => {
    assert.throws(() => parse(text), /Give a day, such as .*, a span before now, such as 7d or "2 hours ago"/)
  })
}
