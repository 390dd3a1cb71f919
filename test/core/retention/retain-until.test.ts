import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDuration } from '../../../src/core/duration.ts'
import { retainUntil } from '../../../src/core/retention/retain-until.ts'
import type { RetentionRules } from '../../../src/core/retention/rules.ts'

const AT = new Date('2025-01-31T02:00:00.000Z')
const cases: ReadonlyArray<
  readonly [
    string,
    'daily' | 'weekly' | 'monthly' | 'yearly' | 'hourly' | null,
    Omit<RetentionRules, 'minBackups'>,
    string | undefined
  ]
> = [
  [
    'as far as the rule of its own tier',
    'daily',
    { daily: parseDuration('30d'), weekly: parseDuration('1y') },
    '2025-03-02T02:00:00.000Z'
  ],
  ['so many periods of its tier', 'weekly', { weekly: 4 }, '2025-02-28T02:00:00.000Z'],
  ['so many months, by the calendar', 'monthly', { monthly: 13 }, '2026-02-28T02:00:00.000Z'],
  ['years', 'yearly', { yearly: parseDuration('7y') }, '2032-01-31T02:00:00.000Z'],
  ['hours', 'hourly', { hourly: 24 }, '2025-02-01T02:00:00.000Z'],
  ['whichever is longer', 'daily', { daily: 7, within: parseDuration('90d') }, '2025-05-01T02:00:00.000Z'],
  ['within, without a tier', null, { daily: 7, within: parseDuration('1d') }, '2025-02-01T02:00:00.000Z'],
  ['nothing, where only their number decides', 'daily', { last: 5 }, undefined],
  ['nothing, where the rule is of another tier', 'daily', { yearly: 7 }, undefined]
]

for (const [what, schedule, rules, until] of cases) {
  test(`a backup is locked for ${what}`, () => {
    assert.equal(retainUntil({ schedule, startedAt: AT }, { ...rules, minBackups: 1 }, AT)?.toISOString(), until)
  })
}

test('a time that is over locks nothing, and nor do rules that are not there', () => {
  assert.equal(
    retainUntil({ schedule: 'daily', startedAt: AT }, { daily: 7, minBackups: 1 }, new Date('2026-01-01')),
    undefined
  )
  assert.equal(retainUntil({ schedule: 'daily', startedAt: AT }, null, AT), undefined)
})
