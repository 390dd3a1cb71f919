import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LightMyRequestResponse } from 'fastify'
import { as, build } from '../support/http/server.ts'

test('more requests than allowed are a 429 that says when to come back', async t => {
  const { app } = await build(t, { limits: { bodyBytes: 1024, requestsPerMinute: 2, connections: 100 } })
  const ask = (subject: string): Promise<LightMyRequestResponse> =>
    app.inject({ url: '/api/sources', headers: as('viewer', subject) })
  await ask('ann')
  assert.equal((await ask('ann')).statusCode, 200)
  const third = await ask('ann')
  assert.equal(third.statusCode, 429)
  assert.equal(third.json().code, 'RATE_LIMITED')
  assert.match(String(third.headers['retry-after']), /^\d+$/)
  assert.equal((await ask('bob')).statusCode, 200)
})

test('guessing tokens is limited by address', async t => {
  const { app } = await build(t, { limits: { bodyBytes: 1024, requestsPerMinute: 2, connections: 100 } })
  const guess = async (n: number): Promise<number> =>
    (await app.inject({ url: '/api/sources', headers: { authorization: `Bearer a.b.${n}` } })).statusCode
  assert.deepEqual([await guess(1), await guess(2), await guess(3)], [401, 401, 429])
})

test('probes and scrapes are not limited', async t => {
  const { app } = await build(t, { limits: { bodyBytes: 1024, requestsPerMinute: 1, connections: 100 } })
  for (const url of ['/health', '/healthz', '/health/live', '/health/ready', '/readyz', '/metrics']) {
    for (let i = 0; i < 3; i++) assert.equal((await app.inject(url)).statusCode, 200, url)
  }
})
