import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'

test('each source has the schedule of drills that is given for all, or its own', t => {
  const cwd = workDir(t, {
    'holdfast.yaml':
      'drillSchedule: daily\nsources:\n  - { name: shop, path: a.db, drillSchedule: monthly }\n  - { name: blog, path: b.db, drillSchedule: "off" }\n  - { name: bank, path: c.db, drillSchedule: "15 2 * * 1-5" }\n'
  })
  const patterns = (environment: Record<string, string>): unknown[] =>
    validConfig(environment, cwd).sources.map(({ policy }) => policy.drillSchedule)
  assert.deepEqual(patterns({}), ['0 6 1 * *', null, '15 2 * * 1-5', '0 6 * * *'])
  assert.deepEqual(patterns({ DRILL_SCHEDULE: 'off' }), ['0 6 1 * *', null, '15 2 * * 1-5', null])
})

test('a schedule of drills that is none is a problem with a remedy', t => {
  const cwd = workDir(t, { 'holdfast.yaml': 'sources:\n  - { name: shop, path: a.db, drillSchedule: sometimes }\n' })
  const [inFile, inEnvironment] = [
    problemsOf({}, cwd)[0]!,
    problemsOf({ DRILL_SCHEDULE: '0 0 30 2 *' }, workDir(t))[0]!
  ]
  assert.deepEqual([inFile.name, inEnvironment.name], ['sources[0].drillSchedule', 'DRILL_SCHEDULE'])
  assert.match(inFile.problem, /^"sometimes" is not a cron pattern .* or one of daily, weekly, monthly, off$/)
})
