import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chainsInWords, copiesInWords, retentionInWords, scheduleInWords } from '../../src/cli/policy-words.ts'
import type { RetentionRules } from '../../src/core/retention/rules.ts'
import type { SourcePolicy } from '../../src/core/schedule/policy.ts'

const POLICY: SourcePolicy = {
  enabled: true,
  interval: null,
  schedule: null,
  maxBackups: null,
  retention: null,
  compression: 'none',
  verify: true,
  drillSchedule: null,
  stores: null,
  keepLocal: true,
  anomalyGuard: true,
  maxChainLength: 24,
  maxChainAge: 604_800_000,
  coveredBy: null
}

test('a rule that makes increments says so', () => {
  const rules = [{ name: 'a', tier: null, pattern: '7 * * * *', method: 'incremental' }, {
    name: 'b',
    tier: null,
    pattern: '0 2 * * *'
  }] as const
  assert.equal(
    scheduleInWords({ ...POLICY, schedule: { rules, timeZone: 'UTC' } }),
    'every hour at minute 7 (incremental) and daily at 02:00, time zone UTC'
  )
  assert.equal(
    chainsInWords({ ...POLICY, schedule: { rules, timeZone: 'UTC' } }),
    'at most 24 backups within 7 d after the full backup'
  )
  assert.equal(chainsInWords({ ...POLICY, schedule: { rules: [rules[1]], timeZone: 'UTC' } }), null)
  assert.equal(chainsInWords(POLICY), null)
})

for (
  const [pattern, words] of [
    ['0 2 * * *', 'daily at 02:00'],
    ['30 3 * * 0', 'on Sundays at 03:30'],
    ['0 4 1 * *', 'on day 1 of each month at 04:00'],
    ['0 4 L * *', 'on the last day of each month at 04:00'],
    ['0 5 1 1 *', 'on 1 January at 05:00'],
    ['7 * * * *', 'every hour at minute 7'],
    ['15 3 * * 1-5', 'by "15 3 * * 1-5"'],
    ['*/5 1 * * *', 'by "*/5 1 * * *"'],
    ['0 4 1 * 1', 'by "0 4 1 * 1"']
  ] as const
) {
  test(`"${pattern}" is ${words}`, () => {
    assert.equal(
      scheduleInWords({ ...POLICY, schedule: { rules: [{ name: 'a', tier: null, pattern }], timeZone: 'UTC' } }),
      `${words}, time zone UTC`
    )
  })
}

test('several times and an interval are one sentence', () => {
  const rules = [{ name: 'daily', tier: 'daily', pattern: '0 2 * * *' }, {
    name: 'weekly',
    tier: 'weekly',
    pattern: '0 3 * * 0'
  }, { name: 'monthly', tier: 'monthly', pattern: '0 3 1-7 * 0' }] as const
  assert.equal(
    scheduleInWords({ ...POLICY, interval: 5_400_000, enabled: false, schedule: { rules, timeZone: 'Europe/Vienna' } }),
    'every 90 min; daily at 02:00, on Sundays at 03:00 and monthly by "0 3 1-7 * 0", time zone Europe/Vienna (turned off)'
  )
})

test('where nothing says when, they are never made by themselves', () => {
  assert.equal(scheduleInWords(POLICY), 'no automatic backups')
})

const days = (number: number) => ({ years: 0, months: 0, days: number, hours: 0 })

for (
  const [maxBackups, retention, words] of [
    [10, null, 'at most 10'],
    [
      null,
      { daily: 7, weekly: 4, monthly: 12, minBackups: 3 },
      'of the scheduled backups one for each of the last 7 days, one for each of the last 4 weeks and one for each of the last 12 months, and never fewer than 3'
    ],
    [
      null,
      { daily: days(30), yearly: { years: 7, months: 0, days: 0, hours: 0 }, minBackups: 3 },
      'of the scheduled backups one for each day of the last 30d and one for each year of the last 7y, and never fewer than 3'
    ],
    [
      5,
      { last: 2, within: days(30), minBackups: 1 },
      'at most 5; of the scheduled backups the newest 2 and all of the last 30d, and never fewer than 1'
    ],
    [null, null, 'all backups']
  ] as ReadonlyArray<readonly [number | null, RetentionRules | null, string]>
) {
  test(`the retention ${JSON.stringify(retention ?? maxBackups)} is ${words}`, () => {
    assert.equal(retentionInWords({ ...POLICY, maxBackups, retention }), words)
  })
}

for (
  const [stores, keepLocal, words] of [
    [null, true, 'to a, b and c'],
    [['b'], true, 'to b'],
    [['a', 'b'], false, 'to a and b; then removed from BACKUP_DIR'],
    [[], true, 'nowhere']
  ] as const
) {
  test(`copies go ${words}`, () => {
    assert.equal(copiesInWords({ stores, keepLocal }, ['a', 'b', 'c']), words)
  })
}
