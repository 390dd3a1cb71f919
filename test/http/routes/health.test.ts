import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeEngine } from '../../support/engine/fake-engine.ts'
import { build } from '../../support/http/server.ts'

test('the health is open, and says how the backups are', async t => {
  const { app, clock } = await build(t)
  for (const url of ['/health', '/healthz']) {
    const answer = await app.inject(url)
    assert.equal(answer.statusCode, 200)
    assert.deepEqual(answer.json(), {
      success: true,
      status: 'ok',
      backup: { status: 'ok', lastSuccess: clock.now().toISOString(), ageSeconds: 0 },
      alerts: { critical: 0, warning: 0, rules: [] }
    })
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
      return {
        status: 'ok',
        backup: { status: 'ok', lastSuccess: null, ageSeconds: null },
        alerts: { critical: 0, warning: 0, rules: [] }
      }
    }
  })
  assert.equal((await app.inject('/health')).statusCode, 503)
  isBusy = false
  assert.equal((await app.inject('/health')).statusCode, 200)
})

test('the health is not told from memory once the catalog is closed', async t => {
  const { app, engine } = await build(t)
  assert.equal((await app.inject('/health')).statusCode, 200)
  engine.version = () => {
    throw new BackupError('CATALOG_FAILED', 'the catalog is closed')
  }
  assert.equal((await app.inject('/health')).statusCode, 503)
})

test('a health that cannot be told is an error, and says nothing more', async t => {
  const { app } = await build(t, {
    health: async () => {
      throw new BackupError('CATALOG_BUSY', '/srv/secret is busy')
    }
  })
  const answer = await app.inject('/health')
  assert.deepEqual([answer.statusCode, answer.json()], [503, {
    success: false,
    status: 'error',
    backup: null,
    alerts: null
  }])
})

test('a health that does not come in time is an error, before a probe gives up', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const asked = Promise.withResolvers<undefined>()
  const { app } = await build(t, {
    health: () => {
      asked.resolve(undefined)
      return new Promise(() => {
        // never
      })
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
