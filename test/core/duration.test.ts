import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  formatDuration,
  inDuration,
  inLargestUnit,
  inOneUnit,
  inSpan,
  parseDuration,
  parseSpan,
  type Duration
} from '../../src/core/duration.ts'

const NONE: Duration = { years: 0, months: 0, days: 0, hours: 0 }

for (
  const [text, duration, written] of [
    ['7y', { years: 7 }, '7y'],
    ['1y6mo', { years: 1, months: 6 }, '1y6mo'],
    ['1y6m', { years: 1, months: 6 }, '1y6mo'],
    ['4w', { days: 28 }, '28d'],
    ['2w3d', { days: 17 }, '17d'],
    ['90d', { days: 90 }, '90d'],
    ['12h', { hours: 12 }, '12h'],
    ['1y2m3w4d5h', { years: 1, months: 2, days: 25, hours: 5 }, '1y2mo25d5h'],
    ['0y30d', { days: 30 }, '30d']
  ] as const
) {
  test(`"${text}" is ${written}, and is read back from that`, () => {
    const read = parseDuration(text)
    assert.deepEqual(read, { ...NONE, ...duration })
    assert.equal(formatDuration(read), written)
    assert.deepEqual(parseDuration(written), read)
  })
}

for (
  const text of ['', '0d', '0y0m', '30', 'd', '1d1y', '1d2d', '-1d', '1.5d', '1 d', '30D', '30s', '10000000d', '1y6m\n']
) {
  test(`${JSON.stringify(text)} is no duration`, () => {
    assert.throws(() => parseDuration(text), { code: 'VALIDATION_FAILED' })
  })
}

test('a span is a whole number with one of the units that are asked for, in milliseconds', () => {
  const units = ['ms', 's', 'm', 'h', 'd'] as const
  assert.deepEqual(['7ms', '7s', '7m', '7h', '7d', '0s'].map(text => parseSpan(text, units)), [
    7,
    7000,
    420_000,
    25_200_000,
    604_800_000,
    0
  ])
  for (const text of ['', '7', 's', '7mo', '7y', '7S', '7 s', ' 7s', '-7s', '7.5s', '7s7s', '7s\n', '1234567890s']) {
    assert.equal(parseSpan(text, units), undefined, JSON.stringify(text))
  }
  assert.equal(parseSpan('7d', ['s', 'm']), undefined)
  assert.deepEqual([parseSpan('0060s', ['s'], 4), parseSpan('00060s', ['s'], 4)], [60_000, undefined])
})

test('a span is printed in its two largest units', () => {
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

test('a span is printed in its largest unit, rounded down', () => {
  assert.deepEqual([0, 999, 59_999, 60_000, 7_199_999, 86_400_000 * 400].map(inLargestUnit), [
    '0 s',
    '0 s',
    '59 s',
    '1 min',
    '1 h',
    '400 d'
  ])
})

test('an interval is printed in the largest unit that leaves nothing over', () => {
  assert.deepEqual([86_400_000, 21_600_000, 5_400_000, 61_000, 1500].map(inOneUnit), [
    '1 d',
    '6 h',
    '90 min',
    '61 s',
    '1500 ms'
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
