import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkMethods, scheduleFor } from '../../src/config/chain.ts'
import { sourceKeys } from '../../src/config/options.ts'
import { inherit, readPolicy } from '../../src/config/policy.ts'
import type { Problem } from '../../src/config/problem.ts'
import type { SourceKind } from '../../src/core/ports/source-kind.ts'
import type { SourceOverrides } from '../../src/core/schedule/policy.ts'
import { SOURCE_KINDS } from '../../src/sources/index.ts'

const SQLITE = SOURCE_KINDS.find(({ name }) => name === 'sqlite')!
const CHAINED: SourceKind = { ...SQLITE, name: 'chained', methods: ['full', 'incremental'] }

function policyOf (values: Readonly<Record<string, unknown>>, problems: Problem[] = []): SourceOverrides {
  const fields = new Map(
    Object.entries(values).map(([key, value]) => [key, { name: `s.${key}`, value, base: '/', origin: 'file' as const }])
  )
  const policy = readPolicy({ configPath: 's', kind: CHAINED, fields }, problems)
  return policy
}

test('a kind that makes increments has fields for its chains, and another kind has none', () => {
  const keys = ['maxChainLength', 'maxChainAge']
  assert.deepEqual(keys.filter(key => sourceKeys(CHAINED).includes(key)), keys)
  assert.deepEqual(keys.filter(key => sourceKeys(SQLITE).includes(key)), [])
})

test('a chain has a length in backups and an age in weeks, days or hours', () => {
  assert.deepEqual(policyOf({ maxChainLength: 8, maxChainAge: '2w1d12h' }), {
    maxChainLength: 8,
    maxChainAge: (15 * 24 + 12) * 3_600_000
  })
  for (const [key, value] of [['maxChainLength', 0], ['maxChainLength', 1001], ['maxChainLength', 'many']] as const) {
    const problems: Problem[] = []
    policyOf({ [key]: value }, problems)
    assert.deepEqual(problems.map(({ name }) => name), ['s.maxChainLength'], String(value))
  }
  for (const age of ['1mo', '1y', '367d', '366d1h', '8785h', '7', 'old', '0d']) {
    const problems: Problem[] = []
    policyOf({ maxChainAge: age }, problems)
    assert.deepEqual(problems.map(({ name }) => name), ['s.maxChainAge'], age)
    assert.ok(problems[0]!.remedy.includes('such as 7d, 4w or 36h'), problems[0]!.remedy)
  }
})

test('each rule of a schedule has a method of its own, full where none is given', () => {
  const { schedule } = policyOf({
    schedule: { hourlyMethod: 'incremental', dailyTime: '02:00', weeklyMethod: 'full', yearly_method: 'incremental' }
  })
  assert.deepEqual(schedule?.rules.map(({ name, method }) => [name, method]), [
    ['hourly', 'incremental'],
    ['daily', undefined],
    ['weekly', undefined],
    ['yearly', 'incremental']
  ])
  const problems: Problem[] = []
  policyOf({ schedule: { monthlyMethod: 'wal' } }, problems)
  assert.deepEqual(problems.map(({ name }) => name), ['s.schedule.monthlyMethod'])
  assert.ok(problems[0]!.problem.includes('full, incremental'), problems[0]!.problem)
})

const SCHEDULE = {
  rules: [
    { name: 'hourly', tier: 'hourly', pattern: '0 * * * *', method: 'incremental' },
    { name: 'daily', tier: 'daily', pattern: '0 2 * * *' }
  ],
  timeZone: 'UTC'
} as const

test('a schedule of a source whose kind makes no increments must not ask for them', () => {
  const problems: Problem[] = []
  checkMethods(CHAINED, { schedule: SCHEDULE }, 's.schedule', problems)
  assert.deepEqual(problems, [])
  checkMethods(SQLITE, { schedule: SCHEDULE }, 's.schedule', problems)
  assert.deepEqual(problems, [{
    name: 's.schedule.hourlyMethod',
    problem: 'is "incremental", but sources of the kind "sqlite" only support full backups',
    remedy: 'Remove it, or set it to "full".'
  }])
})

test('the schedule of the service holds for such a source as one for full backups', () => {
  const inherited = {
    timing: { schedule: SCHEDULE },
    retention: undefined,
    drillSchedule: null,
    sealing: { encryption: 'none', ageRecipients: [] } as never,
    stores: undefined,
    keepLocal: true,
    anomalyGuard: true
  }
  assert.deepEqual(inherit(CHAINED, {}, inherited).schedule, SCHEDULE)
  const full = { ...SCHEDULE, rules: SCHEDULE.rules.map(({ name, tier, pattern }) => ({ name, tier, pattern })) }
  assert.deepEqual(inherit(SQLITE, {}, inherited).schedule, full)
  assert.deepEqual(scheduleFor(SQLITE, full), full)
})
