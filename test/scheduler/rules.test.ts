import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SourcePolicy } from '../../src/core/schedule/policy.ts'
import { definition, scheduledRules } from '../../src/scheduler/rules.ts'
import { FakeEngine } from '../support/engine/fake-engine.ts'

const LAST = new Date('2025-11-24T03:00:00.000Z')
const [STATE] = await new FakeEngine().sources()
const SCHEDULE: SourcePolicy['schedule'] = {
  timeZone: 'Europe/Berlin',
  rules: [{ name: 'nightly', tier: 'daily', pattern: '0 3 * * *' }, {
    name: 'often',
    tier: 'hourly',
    pattern: '0 * * * *'
  }]
}

function rulesOf (policy: Partial<SourcePolicy>, prune: Parameters<typeof scheduledRules>[1] = null): string[] {
  const source = {
    ...STATE!,
    name: 'shop',
    policy: { ...STATE!.policy, interval: null, ...policy },
    statistics: { ...STATE!.statistics, lastScheduled: LAST }
  }
  return scheduledRules([source], prune).map(rule =>
    `${rule.kind} ${rule.source ?? 'all'} ${rule.rule} ${rule.tier ?? 'no tier'}: ${definition(rule)}`
  )
}

test('a source has the rules of its calendar in its time zone, its interval, and its drills in UTC', () => {
  assert.deepEqual(rulesOf({ enabled: true, schedule: SCHEDULE, interval: 60_000, drillSchedule: '0 6 * * *' }), [
    'backup shop nightly daily: 0 3 * * * Europe/Berlin',
    'backup shop often hourly: 0 * * * * Europe/Berlin',
    'backup shop interval no tier: every 60000 ms',
    'drill shop drill no tier: 0 6 * * * UTC'
  ])
})

test('a rule that makes increments is another rule than one at the same times for full backups', () => {
  const rules = [{ name: 'often', tier: 'hourly', pattern: '0 * * * *', method: 'incremental' }] as const
  const schedule = { rules, timeZone: 'UTC' }
  assert.deepEqual(rulesOf({ enabled: true, schedule }), ['backup shop often hourly: 0 * * * * UTC incremental'])
})

test('the interval counts from the last scheduled backup, which does not make it another rule', () => {
  const intervals = [LAST, null].map(lastScheduled =>
    scheduledRules([{
      ...STATE!,
      policy: { ...STATE!.policy, enabled: true, interval: 60_000 },
      statistics: { ...STATE!.statistics, lastScheduled }
    }], null)[0]!
  )
  assert.deepEqual(intervals.map(({ timing }) => timing), [{ interval: 60_000, lastStart: LAST }, {
    interval: 60_000,
    lastStart: null
  }])
  assert.equal(definition(intervals[0]!), definition(intervals[1]!))
})

test('where backups are not made by themselves there are neither backups nor drills, and the prune stays', () => {
  const prune = { pattern: '30 4 * * *', timeZone: 'UTC' }
  assert.deepEqual(
    rulesOf({ enabled: false, schedule: SCHEDULE, interval: 60_000, drillSchedule: '0 6 * * *' }, prune),
    ['prune all prune no tier: 30 4 * * * UTC']
  )
  assert.deepEqual(rulesOf({ enabled: true }), [])
})
