import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { CalendarSchedule } from '../../src/core/schedule/schedule.ts'
import type { SourceOverrides } from '../../src/core/schedule/policy.ts'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'

/** holdfast.yaml with these lines as the schedule of the source `shop`. */
function withSchedule (t: Pick<TestContext, 'after'>, ...lines: readonly string[]): string {
  return workDir(t, {
    'holdfast.yaml': `sources:\n  - name: shop\n    path: shop.db\n    schedule:\n${
      lines.map(line => `      ${line}\n`).join('')
    }`
  })
}

function policyOf (t: Pick<TestContext, 'after'>, ...lines: readonly string[]): SourceOverrides | undefined {
  return validConfig({}, withSchedule(t, ...lines)).sources.find(({ name }) => name === 'shop')?.policy
}

function patterns ({ schedule }: SourceOverrides = {}): Record<string, string> {
  return Object.fromEntries(schedule?.rules.map(({ name, pattern }) => [name, pattern]) ?? [])
}

const GUIDE = [
  'daily_enabled: true',
  'daily_time: "02:00" # UTC',
  'weekly_enabled: true',
  'weekly_day: "sunday"',
  'weekly_time: "03:00" # UTC',
  'monthly_enabled: true',
  'monthly_day: 1 # 1st of month',
  'monthly_time: "04:00" # UTC'
]

test('the schedule of the guide is taken as it stands there', t => {
  assert.deepEqual(policyOf(t, ...GUIDE), {
    drillSchedule: '0 6 * * 0',
    schedule: {
      rules: [
        { name: 'daily', tier: 'daily', pattern: '0 2 * * *' },
        { name: 'weekly', tier: 'weekly', pattern: '0 3 * * 0' },
        { name: 'monthly', tier: 'monthly', pattern: '0 4 1 * *' }
      ],
      timeZone: 'UTC'
    }
  })
  assert.deepEqual(patterns(policyOf(t, 'hourly_enabled: true', 'hourly_interval: 1 # Every 1 hour')), {
    hourly: '0 * * * *'
  })
})

test('both ways to write a key mean the same', t => {
  const camel = GUIDE.map(line => line.replace(/_(\w)/, (_, letter: string) => letter.toUpperCase()))
  assert.deepEqual(policyOf(t, ...camel), policyOf(t, ...GUIDE))
})

for (
  const [lines, expected] of [
    [['hourlyEnabled: true'], { hourly: '0 * * * *' }],
    [['hourlyInterval: 6', 'hourlyMinute: 15'], { hourly: '15 */6 * * *' }],
    [['dailyEnabled: true'], { daily: '0 2 * * *' }],
    [['dailyTime: 23:59'], { daily: '59 23 * * *' }],
    [['dailyTime: "7:05"'], { daily: '5 7 * * *' }],
    [['weeklyDay: Tue'], { weekly: '0 3 * * 2' }],
    [['weeklyTime: "01:30"'], { weekly: '30 1 * * 0' }],
    [['monthlyDay: last'], { monthly: '0 4 L * *' }],
    [['monthlyEnabled: true'], { monthly: '0 4 1 * *' }],
    [['yearlyEnabled: true'], { yearly: '0 5 1 1 *' }],
    [['yearlyMonth: February', 'yearlyDay: last', 'yearlyTime: "00:10"'], { yearly: '10 0 L 2 *' }],
    [['yearlyMonth: 12', 'yearlyDay: 31'], { yearly: '0 5 31 12 *' }],
    [['cron: "15 3  * * 1-5"'], { 'cron 15 3 * * 1-5': '15 3 * * 1-5' }],
    [['cron: ["0 12 * * *", "0 0 29 2 *"]'], { 'cron 0 12 * * *': '0 12 * * *', 'cron 0 0 29 2 *': '0 0 29 2 *' }],
    [['dailyEnabled: true', 'weeklyEnabled: false', 'weeklyDay: monday'], { daily: '0 2 * * *' }]
  ] as const
) {
  test(`a schedule of ${lines.join(', ')} runs at ${Object.values(expected).join(' and ')}`, t => {
    assert.deepEqual(patterns(policyOf(t, ...lines)), expected)
  })
}

test('a pattern belongs to no tier', t => {
  assert.deepEqual(policyOf(t, 'cron: "0 12 * * *"')?.schedule?.rules.map(({ tier }) => tier), [null])
})

test('times are those of the zone that is named', t => {
  assert.equal(policyOf(t, 'dailyTime: "02:00"', 'time_zone: Europe/Vienna')?.schedule?.timeZone, 'Europe/Vienna')
})

test('an interval in a schedule is that of the source, beside a calendar or without one', t => {
  assert.deepEqual(policyOf(t, 'interval: 60000'), { drillSchedule: '0 6 * * 0', interval: 60_000 })
  const both = policyOf(t, 'interval: 60000', 'dailyTime: "02:00"')
  assert.deepEqual([both?.interval, patterns(both)], [60_000, { daily: '0 2 * * *' }])
})

test('a time without quotes is a time, even in a file that calls itself YAML 1.1', t => {
  const cwd = workDir(t, { 'holdfast.yaml': '%YAML 1.1\n---\nschedule:\n  dailyTime: 14:30\n' })
  assert.deepEqual(patterns(validConfig({}, cwd).sources[0]?.policy), { daily: '30 14 * * *' })
})

for (
  const [line, name, problem, remedy] of [
    ['dailyTime: "24:00"', 'dailyTime', '"24:00" is not a time of day', '"02:00"'],
    ['dailyTime: 2', 'dailyTime', '"2" is not a time of day', '"02:00"'],
    ['daily_time: noon', 'daily_time', '"noon" is not a time of day', '"02:00"'],
    ['weeklyDay: someday', 'weeklyDay', '"someday" is not one of sunday', 'saturday'],
    ['monthlyDay: 31', 'monthlyDay', '"31" is not a day that exists in every month', 'last'],
    ['{ yearlyMonth: 2, yearlyDay: 29 }', 'yearlyDay', '"29" does not exist in that month in every year', '1 to 28'],
    [
      '{ yearlyMonth: april, yearlyDay: 31 }',
      'yearlyDay',
      '"31" does not exist in that month in every year',
      '1 to 30'
    ],
    ['yearlyMonth: 13', 'yearlyMonth', '"13" is not a month', 'its name'],
    ['hourlyInterval: 5', 'hourlyInterval', '"5" is not a number of hours that divides the day', '12'],
    ['hourlyMinute: 60', 'hourlyMinute', '"60" is not a whole number from 0 to 59', '59'],
    ['cron: "0 0 30 2 *"', 'cron', '"0 0 30 2 *" is not a cron pattern', 'matches some date'],
    ['cron: "* * * * * *"', 'cron', '"* * * * * *" is not a cron pattern', 'no seconds'],
    ['cron: ["0 1 * * *", "0 25 * * *"]', 'cron[1]', '"0 25 * * *" is not a cron pattern', 'five fields'],
    ['cron: "@daily"', 'cron', '"@daily" is not a cron pattern', 'five fields'],
    ['cron: [12]', 'cron[0]', '"12" is not a cron pattern', 'five fields'],
    ['cron: ["0 1 * * *", "0  1 * * *"]', 'cron[1]', '"0 1 * * *" occurs twice', 'Keep one'],
    [
      '{ dailyTime: "02:00", daily_time: "03:00" }',
      'daily_time',
      'duplicates sources[0].schedule.dailyTime',
      'Keep one'
    ],
    ['{ dailyTime: "02:00", timeZone: Vienna }', 'timeZone', '"Vienna" is not a time zone', 'Europe/Vienna'],
    ['{ dailyTime: "02:00", interval: 5 }', 'interval', '"5" is not a whole number', '1000'],
    ['dailyEnabled: perhaps', 'dailyEnabled', '"perhaps" is not true or false', 'true or false'],
    ['dayly_time: "02:00"', 'dayly_time', 'is not a known key', '"dailyTime"']
  ] as const
) {
  test(`a schedule of ${line} is a problem with a remedy`, t => {
    const problems = problemsOf({}, withSchedule(t, line))
    assert.deepEqual(problems.map(({ name }) => name), [`sources[0].schedule.${name}`])
    assert.ok(problems[0]!.problem.startsWith(problem), problems[0]!.problem)
    assert.ok(problems[0]!.remedy.includes(remedy), problems[0]!.remedy)
  })
}

test('a schedule that names no time is a problem', t => {
  for (const text of ['{ timeZone: UTC }', '{ dailyEnabled: false, dailyTime: "02:00" }', '{}', 'daily', '[daily]']) {
    const problems = problemsOf({}, workDir(t, { 'holdfast.yaml': `schedule: ${text}\n` }))
    assert.deepEqual(problems.map(({ name }) => name), ['schedule'], text)
  }
})

test('every problem of a schedule is told at once', t => {
  const problems = problemsOf({}, withSchedule(t, 'dailyTime: x', 'weeklyDay: y', 'cron: z'))
  assert.deepEqual(
    problems.map(({ name }) => name),
    ['dailyTime', 'weeklyDay', 'cron'].map(key => `sources[0].schedule.${key}`)
  )
})

const TOP =
  'schedule:\n  dailyTime: "02:00"\nsources:\n  - { name: plain, path: a.db }\n  - { name: often, path: b.db, interval: 60000 }\n  - { name: weekly, path: c.db, schedule: { weeklyEnabled: true } }\n'

test('sources that do not say when inherit the schedule, the one of DATABASE_PATH and the own catalog too', t => {
  const { sources } = validConfig({ DATABASE_PATH: 'shop.db' }, workDir(t, { 'holdfast.yaml': TOP }))
  assert.deepEqual(sources.map(({ name, policy }) => [name, patterns(policy), policy.interval]), [
    ['shop', { daily: '0 2 * * *' }, undefined],
    ['plain', { daily: '0 2 * * *' }, undefined],
    ['often', {}, 60_000],
    ['weekly', { weekly: '0 3 * * 0' }, undefined],
    ['holdfast', { daily: '0 2 * * *' }, undefined]
  ])
})

test('BACKUP_SCHEDULE takes the place of the schedule in the file, for the same sources', t => {
  const { sources } = validConfig(
    { BACKUP_SCHEDULE: '0 1 * * * ; 30 13  * * 1-5;' },
    workDir(t, { 'holdfast.yaml': TOP })
  )
  const rules = { 'cron 0 1 * * *': '0 1 * * *', 'cron 30 13 * * 1-5': '30 13 * * 1-5' }
  assert.deepEqual(sources.map(({ name, policy }) => [name, patterns(policy)]), [['plain', rules], ['often', {}], [
    'weekly',
    { weekly: '0 3 * * 0' }
  ], ['holdfast', rules]])
})

test('backupSchedule may be a list, and is a problem beside schedule', t => {
  const schedule = (text: string): CalendarSchedule | undefined =>
    validConfig({}, workDir(t, { 'holdfast.yaml': text })).sources[0]?.policy.schedule
  assert.deepEqual(schedule('backupSchedule: ["0 1 * * *", "0 2 * * *"]\n')?.rules.map(({ pattern }) => pattern), [
    '0 1 * * *',
    '0 2 * * *'
  ])
  assert.deepEqual(
    problemsOf({}, workDir(t, { 'holdfast.yaml': `backupSchedule: 0 1 * * *\n${TOP}` })).map(({ name }) => name),
    ['backupSchedule']
  )
})

test('a pattern of the environment that never comes round is a problem', t => {
  const problems = problemsOf({ BACKUP_SCHEDULE: '0 1 * * *; 0 0 31 4 *', PRUNE_SCHEDULE: '* * * * * *' }, workDir(t))
  assert.deepEqual(problems.map(({ name }) => name), ['BACKUP_SCHEDULE', 'PRUNE_SCHEDULE'])
})

test('an interval stands once for each source', t => {
  const cwd = workDir(t, {
    'holdfast.yaml': 'sources:\n  - { name: shop, path: a.db, interval: 5000, schedule: { interval: 6000 } }\n'
  })
  assert.deepEqual(problemsOf({}, cwd).map(({ name }) => name), ['sources[0].interval'])
})

test('the schedule of the prune and the jitter have their defaults and their variables', t => {
  const given =
    ({ pruneSchedule, scheduleJitterMs, auditRetentionDays }: ReturnType<typeof validConfig>): unknown[] => [
      pruneSchedule,
      scheduleJitterMs,
      auditRetentionDays
    ]
  assert.deepEqual(given(validConfig({}, workDir(t))), ['30 4 * * *', 0, 365])
  assert.deepEqual(
    given(
      validConfig({ PRUNE_SCHEDULE: '0 5 * * 0', SCHEDULE_JITTER_MS: '600000', AUDIT_RETENTION_DAYS: '30' }, workDir(t))
    ),
    ['0 5 * * 0', 600_000, 30]
  )
})
