import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Alert, AlertQuery } from '../../../src/core/alert/alert.ts'
import { alertListAnswer } from '../../../src/http/schemas/alert.ts'
import { presentEvent } from '../../../src/present/event.ts'
import { STARTED } from '../../support/builders/backup.ts'
import { as, build } from '../../support/http/server.ts'

const OPEN: Alert = {
  id: 7,
  rule: 'backup_failed',
  source: 'shop',
  severity: 'critical',
  message: 'it failed',
  remedy: 'Make another.',
  raisedAt: STARTED,
  clearedAt: null
}
const SHOWN = { ...OPEN, raisedAt: STARTED.toISOString() }

test('whoever may look sees what is wrong, since when, and what to do', async t => {
  const { app } = await build(t, { alerts: { list: async () => ({ alerts: [OPEN], next: null }) } })
  const answer = await app.inject({ url: '/api/alerts', headers: as('viewer') })
  assert.equal(answer.statusCode, 200)
  assert.deepEqual(answer.json(), { success: true, alerts: [SHOWN], nextCursor: null })
  assert.deepEqual(alertListAnswer.parse(answer.json()), answer.json())
  assert.equal((await app.inject('/api/alerts')).statusCode, 401)
})

test('those that are over come when asked for, in pages', async t => {
  const asked: AlertQuery[] = []
  const over = { ...OPEN, clearedAt: STARTED }
  const list = async (query: AlertQuery): Promise<{ alerts: Alert[], next: number | null }> => {
    asked.push(query)
    return { alerts: [over], next: query.before === undefined ? 7 : null }
  }
  const { app } = await build(t, { alerts: { list } })
  const ask = async (query: string): Promise<{ alerts: { clearedAt: string }[], nextCursor: string }> =>
    (await app.inject({ url: `/api/alerts?${query}`, headers: as('viewer') })).json()
  await ask('')
  const { alerts, nextCursor } = await ask('cleared=true&limit=1')
  assert.equal(alerts[0]!.clearedAt, STARTED.toISOString())
  assert.equal((await ask(`cleared=true&limit=1&cursor=${nextCursor}`)).nextCursor, null)
  assert.deepEqual(asked, [{ cleared: false, limit: 50, before: undefined }, {
    cleared: true,
    limit: 1,
    before: undefined
  }, { cleared: true, limit: 1, before: 7 }])
})

test('a query that is not one is refused by name', async t => {
  const { app } = await build(t)
  for (const query of ['cleared=maybe', 'limit=0', 'rule=disk_low']) {
    const answer = await app.inject({ url: `/api/alerts?${query}`, headers: as('viewer') })
    assert.deepEqual([answer.statusCode, answer.json().code], [400, 'VALIDATION_FAILED'], query)
  }
})

test('an alert in the event stream is the one of the list', () => {
  for (const type of ['alert.raised', 'alert.cleared'] as const) {
    assert.deepEqual(presentEvent({ type, alert: OPEN }, () => null), { alert: SHOWN })
  }
})
