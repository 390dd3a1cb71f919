import assert from 'node:assert/strict'
import { test } from 'node:test'
import fastify from 'fastify'
import type { App } from '../../src/http/route.ts'
import { startersOf } from '../../src/http/starters.ts'

test('a kind of job may be started by the least role that a route for it asks for, or by admins alone', async t => {
  const app = fastify() as unknown as App
  t.after(() => app.close())
  const startedBy = startersOf(app)
  app.post('/a', { config: { role: 'admin', starts: 'restore' } }, () => 'x')
  app.post('/b', { config: { role: 'operator', starts: 'restore' } }, () => 'x')
  app.post('/c', { config: { role: 'admin', starts: 'restore' } }, () => 'x')
  app.post('/d', { config: { role: 'open', starts: 'create' } }, () => 'x')
  assert.deepEqual([startedBy('restore'), startedBy('create'), startedBy('verify')], ['operator', 'admin', 'admin'])
})
