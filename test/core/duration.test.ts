import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatDuration, parseDuration, type Duration } from '../../src/core/duration.ts'

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
