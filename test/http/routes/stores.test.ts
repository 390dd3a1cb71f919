import assert from 'node:assert/strict'
import { test } from 'node:test'
import { as, build } from '../../support/http/server.ts'

test('stores are listed with name, kind and place', async t => {
  const { app } = await build(t)
  const { stores } = (await app.inject({ url: '/api/stores', headers: as('viewer') })).json()
  assert.deepEqual(stores, [{
    name: 'far',
    kind: 's3',
    place: 's3://bucket/',
    landing: false,
    remembered: false,
    state: 'ok',
    stored: 1,
    bytes: 100,
    waiting: 0,
    failure: null,
    appendOnly: false,
    lock: false,
    bandwidth: null
  }])
})

test('a probe answers what it found, and is recorded with the store', async t => {
  const { app, engine, audit } = await build(t)
  const answer = await app.inject({ method: 'POST', url: '/api/stores/far/probe', headers: as('operator') })
  assert.equal(answer.statusCode, 200)
  assert.deepEqual(answer.json(), {
    success: true,
    probe: {
      store: 'far',
      ok: true,
      findings: [{ check: 'reach', status: 'ok', message: 'it responds at "s3://bucket/"', remedy: null }]
    }
  })
  assert.deepEqual(engine.calls, ['probe far'])
  assert.deepEqual(audit.entries.map(({ action, target, outcome }) => [action, target, outcome]), [[
    'store probe',
    'store far',
    'done'
  ]])
})

test('a store that there is not is a 404', async t => {
  const { app } = await build(t)
  assert.equal(
    (await app.inject({ method: 'POST', url: '/api/stores/near/probe', headers: as('operator') })).json().code,
    'STORE_NOT_FOUND'
  )
})
