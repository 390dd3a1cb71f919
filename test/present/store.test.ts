import assert from 'node:assert/strict'
import { test } from 'node:test'
import { presentProbe, presentStore, probeSchema, storeSchema } from '../../src/present/store.ts'

const STORE = {
  name: 'far',
  kind: 's3',
  place: 's3://far',
  isLanding: false,
  isRemembered: true,
  state: 'failing',
  stored: 3,
  bytes: 300,
  waiting: 1,
  failure: 'no answer',
  isAppendOnly: true,
  hasLock: false,
  retention: { minBackups: 1 },
  maxBackups: 4,
  bandwidth: null
} as const

test('a store has the fields of its schema, without the rules that its own route does not publish', () => {
  const view = presentStore(STORE)
  assert.deepEqual(storeSchema.strict().parse(view), view)
  assert.deepEqual([view.landing, view.remembered, view.appendOnly, view.lock], [false, true, true, false])
})

test('each finding of a probe is shown with its remedy', () => {
  const findings = [{ check: 'reach', status: 'ok', message: 'it answers', remedy: null }, {
    check: 'write',
    status: 'fail',
    message: 'denied',
    remedy: 'Allow PutObject.'
  }] as const
  const view = presentProbe({ store: 'far', ok: false, findings })
  assert.deepEqual(probeSchema.strict().parse(view), { store: 'far', ok: false, findings: [...findings] })
})
