import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Role } from '../../../src/http/roles.ts'
import { aBackup, STARTED } from '../../support/builders/backup.ts'
import { FakeEngine } from '../../support/engine/fake-engine.ts'
import { as, build, type Json } from '../../support/http/server.ts'

const headers = as('admin')

test('a list is paged by cursor down to its end, and counts all of it', async t => {
  const { app } = await build(t, { engine: new FakeEngine(5) })
  const seen: number[] = []
  let cursor: string | null = ''
  for (let page = 0; cursor !== null; page++) {
    assert.ok(page < 5)
    const body: Json =
      (await app.inject({ url: `/api/backups?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`, headers })).json()
    assert.equal(body.count, 5)
    seen.push(...body.backups.map((backup: { id: number }) => backup.id))
    cursor = body.nextCursor
  }
  assert.deepEqual(seen, [5, 4, 3, 2, 1])
})

for (
  const query of [
    'limit=0',
    'limit=501',
    'limit=-1',
    'limit=x',
    'limit=',
    'limit=1.5',
    'limit=1&limit=2',
    'cursor=!!',
    'cursor=MA',
    'cursor=LTE',
    'cursor=Mw%3D%3D',
    'cursor=M!w',
    'cursor=',
    `cursor=${'M'.repeat(99)}`,
    'status=done',
    'type=weekly',
    'method=magic',
    'since=yesterday',
    'since=2025-13-01T00:00:00Z',
    'trashed=yes',
    'source=../x',
    'source=%00',
    'soruce=x',
    '__proto__=1'
  ]
) {
  test(`the query ${query.slice(0, 30)} is a 400`, async t => {
    const { app, engine } = await build(t)
    const answer = await app.inject({ url: `/api/backups?${query}`, headers })
    assert.equal(answer.statusCode, 400, answer.body)
    assert.equal(answer.json().code, 'VALIDATION_FAILED')
    assert.equal(answer.json().errors.length, 1)
    assert.deepEqual(engine.calls, [])
  })
}

test('filters reach the engine as it takes them', async t => {
  const { app, engine } = await build(t)
  const asked: unknown[] = []
  const list = engine.backups.bind(engine)
  engine.backups = async query => {
    asked.push(query)
    return await list(query)
  }
  const answer = await app.inject({
    url:
      '/api/backups?source=workstation&status=failed&type=manual&method=full&since=2025-11-24T00:00:00%2B01:00&trashed=true&limit=7&cursor=Mw',
    headers
  })
  assert.equal(answer.statusCode, 200, answer.body)
  assert.deepEqual(asked, [{
    source: 'workstation',
    status: 'failed',
    type: 'manual',
    method: 'full',
    since: new Date('2025-11-23T23:00:00Z'),
    trashed: true,
    limit: 7,
    before: 3
  }])
})

test('a list that was just read costs no second look, until something changes', async t => {
  const { app, engine } = await build(t)
  const ask = async (): Promise<number> => (await app.inject({ url: '/api/backups', headers })).json().count
  assert.equal(await ask(), 3)
  assert.equal(await ask(), 3)
  assert.deepEqual(engine.calls, ['backups', 'statistics'])
  engine.put(aBackup({ id: 4 }))
  assert.equal(await ask(), 4)
})

test('an age in the statistics is never more than a second behind', async t => {
  const { app, clock } = await build(t)
  const age = async (): Promise<number> =>
    (await app.inject({ url: '/api/backups/stats', headers })).json().statistics.sources[0].ageSeconds
  const ageNow = (): number => Math.floor((clock.now().getTime() - STARTED.getTime()) / 1000)
  assert.equal(await age(), ageNow())
  clock.move(1000)
  assert.equal(await age(), ageNow())
})

test('a source that is no longer protected still shows what it left', async t => {
  const { app, engine } = await build(t)
  const known = await engine.statistics()
  engine.statistics = async () => ({ ...known, sources: [...known.sources, { ...known.sources[0]!, source: 'gone' }] })
  const { statistics } = (await app.inject({ url: '/api/backups/stats', headers })).json()
  assert.deepEqual(statistics.sources.map((entry: { source: string, state: string }) => [entry.source, entry.state]), [[
    'workstation',
    'ok'
  ], ['gone', 'unconfigured']])
})

test('an empty catalog has zeros and nulls, and no error', async t => {
  const { app } = await build(t, { engine: new FakeEngine(0) })
  const { statistics } = (await app.inject({ url: '/api/backups/stats', headers })).json()
  assert.deepEqual([
    statistics.totalBackups,
    statistics.totalSize,
    statistics.oldestBackup,
    statistics.newestBackup,
    statistics.failedBackups
  ], [0, 0, null, null, 0])
  const list = (await app.inject({ url: '/api/backups', headers })).json()
  assert.deepEqual([list.backups, list.count, list.nextCursor], [[], 0, null])
})

test('one backup comes with the history of its verifications', async t => {
  const { app } = await build(t)
  const body = (await app.inject({ url: '/api/backups/2', headers })).json()
  assert.deepEqual(Object.keys(body), ['success', 'backup', 'verifications'])
  assert.equal(body.backup.id, 2)
  assert.equal(body.verifications[0].valid, true)
})

test('a backup that there is not is a 404 with its own code', async t => {
  const { app } = await build(t)
  for (const [method, url] of [['GET', '/api/backups/9'], ['PATCH', '/api/backups/9']] as const) {
    const answer = await app.inject({ method, url, headers, ...method === 'PATCH' ? { payload: {} } : {} })
    assert.equal(answer.statusCode, 404, `${method} ${url}`)
    assert.equal(answer.json().code, 'BACKUP_NOT_FOUND')
  }
})

test('an edit changes what it names, and null takes a description away', async t => {
  const { app, engine } = await build(t)
  engine.put(aBackup({ id: 1, description: 'old' }))
  const edit = async (payload: object): Promise<Json> =>
    (await app.inject({ method: 'PATCH', url: '/api/backups/1', headers, payload })).json().backup
  assert.deepEqual(await edit({ pinned: true }).then(backup => [backup.description, backup.pinned]), ['old', true])
  assert.deepEqual(await edit({ description: null }).then(backup => [backup.description, backup.pinned]), [null, true])
})

test('an operator pins, and neither unpins nor changes what is pinned', async t => {
  const { app, engine } = await build(t)
  engine.put(aBackup({ id: 1, description: 'old' }))
  const edit = async (role: Role, payload: object): Promise<number> =>
    (await app.inject({ method: 'PATCH', url: '/api/backups/1', headers: as(role), payload })).statusCode
  assert.equal(await edit('operator', { pinned: true }), 200)
  for (const payload of [{ pinned: false }, { description: 'x' }, { pinned: true }]) {
    assert.equal(await edit('operator', payload), 403)
  }
  assert.deepEqual([await edit('admin', { pinned: false }), await edit('operator', { description: 'x' })], [200, 200])
})

test('a failed backup shows its code, and how long it took to fail', async t => {
  const { app, engine } = await build(t)
  engine.put(
    aBackup({ id: 1, status: 'failed', size: null, checksum: null, errorCode: 'SOURCE_MISSING', errorMessage: 'gone' })
  )
  const { backup } = (await app.inject({ url: '/api/backups/1', headers })).json()
  assert.deepEqual([backup.status, backup.errorCode, backup.errorMessage, backup.durationMs, backup.checksum], [
    'failed',
    'SOURCE_MISSING',
    'gone',
    5000,
    null
  ])
})
