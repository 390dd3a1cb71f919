import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { SourceOverrides } from '../../src/core/schedule/policy.ts'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'

const days = (number: number) => ({ years: 0, months: 0, days: number, hours: 0 })
const years = (number: number) => ({ years: number, months: 0, days: 0, hours: 0 })

function withRetention (t: Pick<TestContext, 'after'>, text: string): string {
  return workDir(t, { 'holdfast.yaml': `sources:\n  - { name: shop, path: shop.db, retention: ${text} }\n` })
}

function policyOf (t: Pick<TestContext, 'after'>, text: string): SourceOverrides | undefined {
  return validConfig({}, withRetention(t, text)).sources.find(({ name }) => name === 'shop')?.policy
}

for (
  const [text, retention] of [
    ['{ daily_keep: 7, weekly_keep: 4, monthly_keep: 12 }', { daily: 7, weekly: 4, monthly: 12, minBackups: 3 }],
    ['{ dailyKeep: 7 }', { daily: 7, minBackups: 3 }],
    ['{ retention_days: 90 }', { within: days(90), minBackups: 3 }],
    ['{ last: 5, hourly: 24h, min_backups: 1 }', {
      last: 5,
      hourly: { years: 0, months: 0, days: 0, hours: 24 },
      minBackups: 1
    }],
    ['{ daily: 30d, weekly: 90d, monthly: 1y, yearly: 7y, minBackups: 10 }', {
      daily: days(30),
      weekly: days(90),
      monthly: years(1),
      yearly: years(7),
      minBackups: 10
    }],
    ['{ within: 4w }', { within: days(28), minBackups: 3 }]
  ] as const
) {
  test(`a retention of ${text} is taken`, t => {
    assert.deepEqual(policyOf(t, text)?.retention, retention)
  })
}

for (
  const [text, name, problem, remedy] of [
    ['{ dayly: 7 }', '.dayly', 'is not a known key', '"daily"'],
    ['{ daily: 0 }', '.daily', '"0" is not a whole number from 1', '30d'],
    ['{ daily: soon }', '.daily', '"soon" is not a whole number from 1', '30d'],
    ['{ within: 30 }', '.within', '"30" is not a time such as', '30d'],
    ['{ within: 0d }', '.within', '"0d" is not a time such as', '30d'],
    ['{ last: 3d }', '.last', '"3d" is not a whole number', '1 to'],
    [
      '{ retention_days: 30, within: 30d }',
      '.retention_days',
      'duplicates sources[0].retention.within',
      'Keep one'
    ],
    ['{ daily_keep: 7, daily: 7 }', '.daily', 'duplicates sources[0].retention.daily_keep', 'Keep one'],
    ['{ minBackups: 3 }', '', 'has no rule', '"daily: 7"'],
    ['7', '', 'is not a map of fields', 'holdfast.example.yaml']
  ] as const
) {
  test(`a retention of ${text} is a problem with a remedy`, t => {
    const problems = problemsOf({}, withRetention(t, text))
    assert.deepEqual(problems.map(problem => problem.name), [`sources[0].retention${name}`])
    assert.ok(problems[0]!.problem.startsWith(problem), problems[0]!.problem)
    assert.ok(problems[0]!.remedy.includes(remedy), problems[0]!.remedy)
  })
}

const TOP =
  'retention:\n  daily: 7\nsources:\n  - { name: plain, path: a.db, interval: 5000 }\n  - { name: few, path: b.db, maxBackups: 2 }\n  - { name: long, path: c.db, retention: { yearly: 7y } }\n'

function inherited (
  t: Pick<TestContext, 'after'>,
  environment: Readonly<Record<string, string>>,
  text = TOP
): unknown[] {
  return validConfig(environment, workDir(t, { 'holdfast.yaml': text })).sources.map(
    ({ name, policy: { retention, maxBackups } }) => [name, retention ?? maxBackups]
  )
}

test('sources that do not say what is kept inherit the retention', t => {
  const daily = { daily: 7, minBackups: 3 }
  assert.deepEqual(inherited(t, {}), [['plain', daily], ['few', 2], ['long', { yearly: years(7), minBackups: 3 }], [
    'holdfast',
    daily
  ]])
})

test('BACKUP_RETENTION_DAYS is the rule "within" for the same sources, beside the other rules', t => {
  const both = { daily: 7, minBackups: 3, within: days(30) }
  assert.deepEqual(inherited(t, { BACKUP_RETENTION_DAYS: '30' }), [['plain', both], ['few', 2], ['long', {
    yearly: years(7),
    minBackups: 3
  }], ['holdfast', both]])
  assert.deepEqual(inherited(t, { BACKUP_RETENTION_DAYS: '30' }, 'retention: { within: 5d, minBackups: 9 }\n'), [[
    'holdfast',
    { within: days(30), minBackups: 9 }
  ]])
  assert.deepEqual(inherited(t, { BACKUP_RETENTION_DAYS: '30' }, ''), [['holdfast', {
    within: days(30),
    minBackups: 3
  }]])
})

test('BACKUP_RETENTION_DAYS of 0 asks for nothing', t => {
  assert.deepEqual(inherited(t, { BACKUP_RETENTION_DAYS: '0' }, 'retention: { within: 5d }\n'), [['holdfast', {
    within: days(5),
    minBackups: 3
  }]])
  assert.deepEqual(inherited(t, { BACKUP_RETENTION_DAYS: '0' }, ''), [['holdfast', undefined]])
})

test('backupRetentionDays is a problem beside retention.within in one file', t => {
  const cwd = workDir(t, { 'holdfast.yaml': 'backupRetentionDays: 30\nretention: { within: 5d }\n' })
  assert.deepEqual(problemsOf({}, cwd).map(({ name }) => name), ['backupRetentionDays'])
})
