import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AlertFinding } from '../../src/core/alert/alert.ts'
import { newCatalog, open, openBeside, START } from '../support/catalog/catalog.ts'

const FAILED: AlertFinding = {
  rule: 'backup_failed',
  source: 'shop',
  severity: 'critical',
  message: 'it failed',
  remedy: 'Make another.'
}
const LOW: AlertFinding = {
  rule: 'disk_low',
  source: null,
  severity: 'warning',
  message: '12 % are free',
  remedy: 'Free some.'
}

const at = (seconds: number): Date => new Date(START.getTime() + seconds * 1000)

test('a finding is raised once, also when it is found again and after a restart', async t => {
  const { catalog, path } = await newCatalog(t)
  const first = await catalog.alerts.settle([FAILED, LOW], at(0))
  assert.deepEqual(first.raised, [{ ...FAILED, id: 1, raisedAt: at(0), clearedAt: null }, {
    ...LOW,
    id: 2,
    raisedAt: at(0),
    clearedAt: null
  }])
  assert.deepEqual(first.cleared, [])
  assert.deepEqual(await catalog.alerts.settle([LOW, FAILED], at(60)), { raised: [], cleared: [] })
  await catalog.close()
  const again = await open(path)
  t.after(() => again.close())
  assert.deepEqual(await again.alerts.settle([FAILED, LOW], at(120)), { raised: [], cleared: [] })
  assert.deepEqual(await again.alerts.open(), first.raised)
})

test('what is no longer found is cleared once, and is a new alert when it comes back', async t => {
  const { catalog: { alerts } } = await newCatalog(t)
  await alerts.settle([FAILED, LOW], at(0))
  const over = { ...FAILED, id: 1, raisedAt: at(0), clearedAt: at(60) }
  assert.deepEqual(await alerts.settle([LOW], at(60)), { raised: [], cleared: [over] })
  assert.deepEqual(await alerts.settle([LOW], at(120)), { raised: [], cleared: [] })
  const { raised } = await alerts.settle([LOW, FAILED], at(180))
  assert.deepEqual(raised, [{ ...FAILED, id: 3, raisedAt: at(180), clearedAt: null }])
  assert.deepEqual((await alerts.list({ cleared: true, limit: 10 })).alerts, [over])
})

test('other words for the same finding are taken over, and raise nothing', async t => {
  const { catalog: { alerts } } = await newCatalog(t)
  await alerts.settle([LOW], at(0))
  assert.deepEqual(await alerts.settle([{ ...LOW, message: '11 % are free', remedy: 'Free more.' }], at(60)), {
    raised: [],
    cleared: []
  })
  assert.deepEqual(await alerts.open(), [{
    ...LOW,
    message: '11 % are free',
    remedy: 'Free more.',
    id: 1,
    raisedAt: at(0),
    clearedAt: null
  }])
})

test('the same rule for two sources is two alerts', async t => {
  const { catalog: { alerts } } = await newCatalog(t)
  await alerts.settle([FAILED, { ...FAILED, source: 'blog' }], at(0))
  const { cleared } = await alerts.settle([{ ...FAILED, source: 'blog' }], at(60))
  assert.deepEqual(cleared.map(({ source }) => source), ['shop'])
})

test('two processes that find the same raise it once', async t => {
  const { catalog, path } = await newCatalog(t)
  const beside = await openBeside(t, path, 'other')
  assert.equal((await catalog.alerts.settle([FAILED], at(0))).raised.length, 1)
  assert.equal((await beside.alerts.settle([FAILED], at(1))).raised.length, 0)
})

test('the lists are newest first, in pages', async t => {
  const { catalog: { alerts } } = await newCatalog(t)
  const sources = ['a', 'b', 'c', 'd', 'e']
  await alerts.settle(sources.map(source => ({ ...FAILED, source })), at(0))
  await alerts.settle([{ ...FAILED, source: 'd' }, { ...FAILED, source: 'e' }], at(60))
  const page = await alerts.list({ cleared: true, limit: 2 })
  assert.deepEqual([page.alerts.map(({ source }) => source), page.next], [['c', 'b'], 2])
  const last = await alerts.list({ cleared: true, limit: 2, before: page.next! })
  assert.deepEqual([last.alerts.map(({ source }) => source), last.next], [['a'], null])
  assert.deepEqual((await alerts.list({ cleared: false, limit: 2 })).alerts.map(({ source }) => source), ['e', 'd'])
})

test('only what was cleared long enough ago is forgotten', async t => {
  const { catalog: { alerts } } = await newCatalog(t)
  await alerts.settle([FAILED, LOW, { ...FAILED, source: 'blog' }], at(0))
  await alerts.settle([FAILED, LOW], at(60))
  await alerts.settle([FAILED], at(120))
  assert.equal(await alerts.purge(at(120)), 1)
  assert.deepEqual((await alerts.list({ cleared: true, limit: 10 })).alerts.map(({ rule }) => rule), ['disk_low'])
  assert.equal((await alerts.open()).length, 1)
})
