import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import fastify, { type LightMyRequestResponse } from 'fastify'
import { pino } from 'pino'
import { BackupError } from '../../src/core/errors.ts'
import { Secret } from '../../src/core/secret.ts'
import { authenticate } from '../../src/http/auth.ts'
import type { App } from '../../src/http/route.ts'
import { FakeClock } from '../support/clock.ts'
import { FakeEngine } from '../support/fake-engine.ts'
import { as, build, SECRET } from '../support/http.ts'

test('the health is open, and says how the backups are', async t => {
  const { app, clock } = await build(t)
  for (const url of ['/health', '/healthz']) {
    const answer = await app.inject(url)
    assert.equal(answer.statusCode, 200)
    assert.deepEqual(answer.json(), { success: true, status: 'ok', backup: { status: 'ok', lastSuccess: clock.now().toISOString(), ageSeconds: 0 }, alerts: { critical: 0, warning: 0, rules: [] } })
  }
})

test('a degraded service still answers 200', async t => {
  const backup = { status: 'overdue', lastSuccess: null, ageSeconds: null }
  const alerts = { critical: 1, warning: 0, rules: ['schedule_missed'] }
  const degraded = await build(t, { health: async () => ({ status: 'degraded', backup, alerts }) })
  const answer = await degraded.app.inject('/health')
  assert.deepEqual([answer.statusCode, answer.json()], [200, { success: true, status: 'degraded', backup, alerts }])
})

test('the health is asked for anew when something changed, and when it is a second old', async t => {
  let [asked, version] = [0, 'one']
  const clock = new FakeClock()
  const engine = new FakeEngine(1)
  engine.version = () => version
  const backup = { status: 'ok', lastSuccess: null, ageSeconds: null }
  const { app } = await build(t, {
    clock,
    engine,
    health: async () => ({ status: 'ok', backup, alerts: { critical: 0, warning: asked++, rules: [] } })
  })
  const ask = async (): Promise<number> => (await app.inject('/health')).json().alerts.warning
  assert.deepEqual([await ask(), await ask()], [0, 0])
  version = 'two'
  assert.deepEqual([await ask(), await ask()], [1, 1])
  clock.move(1000)
  assert.equal(await ask(), 2)
})

test('a health that could not be told is asked for again', async t => {
  let isBusy = true
  const { app } = await build(t, {
    health: async () => {
      if (isBusy) throw new BackupError('CATALOG_BUSY', 'the catalog is busy')
      return { status: 'ok', backup: { status: 'ok', lastSuccess: null, ageSeconds: null }, alerts: { critical: 0, warning: 0, rules: [] } }
    }
  })
  assert.equal((await app.inject('/health')).statusCode, 503)
  isBusy = false
  assert.equal((await app.inject('/health')).statusCode, 200)
})

test('the health is not told from memory once the catalog is closed', async t => {
  const { app, engine } = await build(t)
  assert.equal((await app.inject('/health')).statusCode, 200)
  engine.version = () => { throw new BackupError('CATALOG_FAILED', 'the catalog is closed') }
  assert.equal((await app.inject('/health')).statusCode, 503)
})

test('a health that cannot be told is an error, and says nothing more', async t => {
  const { app } = await build(t, { health: async () => { throw new BackupError('CATALOG_BUSY', '/srv/secret is busy') } })
  const answer = await app.inject('/health')
  assert.deepEqual([answer.statusCode, answer.json()], [503, { success: false, status: 'error', backup: null, alerts: null }])
})

test('a health that does not come in time is an error, before a probe gives up', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const asked = Promise.withResolvers<undefined>()
  const { app } = await build(t, {
    health: () => {
      asked.resolve(undefined)
      return new Promise(() => { /* never */ })
    }
  })
  const answer = app.inject('/health')
  await asked.promise
  t.mock.timers.tick(2000)
  assert.equal((await answer).statusCode, 503)
})

test('being alive and being ready are two things', async t => {
  const { app } = await build(t, { ready: () => false })
  assert.equal((await app.inject('/health/live')).statusCode, 200)
  for (const url of ['/health/ready', '/readyz']) assert.equal((await app.inject(url)).statusCode, 503)
})

test('metrics are open where no token is configured', async t => {
  const { app } = await build(t)
  const answer = await app.inject('/metrics')
  assert.deepEqual([answer.statusCode, answer.body], [200, '# nothing\n'])
  assert.match(String(answer.headers['content-type']), /^text\/plain; version=0\.0\.4/)
})

test('metrics ask for their own token where one is configured, and for no other', async t => {
  const { app } = await build(t, { metricsToken: new Secret('scrape') })
  const ask = async (headers = {}): Promise<number> => (await app.inject({ url: '/metrics', headers })).statusCode
  assert.equal(await ask(), 401)
  assert.equal(await ask({ authorization: 'Bearer scrapes' }), 401)
  assert.equal(await ask(as('admin')), 401)
  assert.equal(await ask({ authorization: 'Bearer scrape' }), 200)
})

test('more requests than allowed are a 429 that says when to come back', async t => {
  const { app } = await build(t, { limits: { bodyBytes: 1024, requestsPerMinute: 2, connections: 100 } })
  const ask = (subject: string): Promise<LightMyRequestResponse> => app.inject({ url: '/api/sources', headers: as('viewer', subject) })
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
  const guess = async (n: number): Promise<number> => (await app.inject({ url: '/api/sources', headers: { authorization: `Bearer a.b.${n}` } })).statusCode
  assert.deepEqual([await guess(1), await guess(2), await guess(3)], [401, 401, 429])
})

test('probes and scrapes are not limited', async t => {
  const { app } = await build(t, { limits: { bodyBytes: 1024, requestsPerMinute: 1, connections: 100 } })
  for (const url of ['/health', '/healthz', '/health/live', '/health/ready', '/readyz', '/metrics']) {
    for (let i = 0; i < 3; i++) assert.equal((await app.inject(url)).statusCode, 200, url)
  }
})

test('answers carry the headers that keep browsers careful', async t => {
  const { app } = await build(t)
  for (const url of ['/health', '/nowhere', '/api/backups']) {
    const { headers } = await app.inject(url)
    assert.equal(headers['x-content-type-options'], 'nosniff', url)
    assert.equal(headers['x-frame-options'], 'SAMEORIGIN', url)
    assert.match(String(headers['content-security-policy']), /default-src 'self'/)
  }
  assert.equal((await app.inject({ url: '/api/backups', headers: as('viewer') })).headers['cache-control'], 'no-store')
})

test('the log tells who did what and how it went, and never a token', async t => {
  const lines: string[] = []
  const logger = pino({ level: 'info' }, new Writable({ write (chunk, _encoding, done) { lines.push(String(chunk)); done() } }))
  const { app, engine } = await build(t, { logger })
  engine.refusal = new BackupError('DISK_FULL', 'no space', { cause: new Error('underneath') })
  const { authorization } = as('admin', 'ann')
  await app.inject({ method: 'POST', url: '/api/backups?token=secret-in-query', headers: { authorization, cookie: 'secret-cookie' } })
  await app.inject({ url: '/api/backups', headers: { authorization } })
  const told = lines.map(line => JSON.parse(line))
  assert.deepEqual(told.map(line => line.msg), ['the request failed', 'request'])
  assert.match(told[0].err.stack, /underneath/)
  assert.deepEqual([told[1].method, told[1].path, told[1].status, told[1].caller, told[1].code], ['POST', '/api/backups', 507, 'subject ann', 'DISK_FULL'])
  assert.doesNotMatch(lines.join(''), new RegExp(`${authorization.slice(7)}|secret-`))
})

test('a route below /api that says nothing about its role cannot be registered', async t => {
  const app = fastify() as unknown as App
  t.after(() => app.close())
  await authenticate(app, { tokenKey: { algorithm: 'HS256', key: SECRET }, isRevoked: () => false, requireTokenExpiry: false, clock: new FakeClock() })
  assert.throws(() => { app.get('/api/open', () => 'x') }, { code: 'INTERNAL' })
})
