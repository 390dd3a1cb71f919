import assert from 'node:assert/strict'
import { test } from 'node:test'
import { presentSource, sourceSchema } from '../../src/present/source.ts'
import { STARTED } from '../support/builders/backup.ts'
import { aSourceState } from '../support/builders/source-state.ts'

const state = aSourceState()

test('a source has the fields of its schema', () => {
  const view = presentSource(state, STARTED)
  assert.deepEqual(sourceSchema.strict().parse(view), view)
})

test('retention rules are written as in the configuration: numbers, and durations like 90d', () => {
  const duration = { years: 1, months: 6, days: 0, hours: 0 }
  const policy = { ...state.policy, retention: { daily: 7, monthly: duration, minBackups: 2 } }
  assert.deepEqual(presentSource({ ...state, policy }, STARTED).policy.retention, {
    daily: 7,
    monthly: '1y6mo',
    minBackups: 2
  })
})

test('a schedule is shown with its rules and its time zone, and so are the stores of the source', () => {
  const schedule = {
    rules: [{ name: 'nightly', tier: 'daily', pattern: '0 3 * * *' }],
    timeZone: 'Europe/Vienna'
  } as const
  const policy = { ...state.policy, schedule, stores: ['far'] }
  const view = presentSource({ ...state, policy, nextRun: STARTED }, STARTED)
  assert.deepEqual(view.policy.schedule, {
    rules: [{ name: 'nightly', tier: 'daily', pattern: '0 3 * * *', method: 'full' }],
    timeZone: 'Europe/Vienna'
  })
  assert.deepEqual(view.policy.stores, ['far'])
  assert.equal(view.nextRun, STARTED.toISOString())
})
