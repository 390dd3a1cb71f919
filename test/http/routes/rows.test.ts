import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InjectOptions } from 'fastify'
import type { RescueRequest } from '../../../src/engine/restore/rows.ts'
import { aBackup } from '../../support/builders/backup.ts'
import { FakeEngine } from '../../support/engine/fake-engine.ts'
import { as, build } from '../../support/http/server.ts'
import { assertReach, bearer } from '../../support/http/role-access.ts'

const headers = as('admin')

test('a difference tells the counts of each table, and the rows where they are asked for', async t => {
  const { app, engine } = await build(t)
  const answer = (await app.inject({ url: '/api/backups/1/diff?with=2&table=line&table=invoice&rows=5', headers }))
    .json()
  assert.deepEqual([answer.backupId, answer.with, answer.tables[0].removed, answer.skipped[0].table], [
    1,
    2,
    1,
    'words'
  ])
  assert.deepEqual(answer.tables[0].rows, [{
    change: 'removed',
    before: { id: 4, text: 'nails', image: { blob: '00ff' } },
    after: null,
    columns: []
  }])
  assert.equal((await app.inject({ url: '/api/backups/1/diff?table=line', headers })).json().with, 'live')
  assert.deepEqual(engine.calls.filter(call => call.startsWith('diff')), [
    'diff 1 {"with":2,"tables":["line","invoice"],"rows":5,"from":0,"valueBytes":1024}',
    'diff 1 {"with":"live","tables":["line"],"rows":0,"from":0,"valueBytes":1024}'
  ])
})

test('a rescue takes names, and names with conditions of their own', async t => {
  const { app, engine, audit } = await build(t)
  const answer = await app.inject({
    method: 'POST',
    url: '/api/backups/1/rescue',
    headers,
    payload: {
      tables: ['line', { name: 'invoice', where: 'id = 2' }],
      where: 'id = 1',
      conflict: 'overwrite',
      children: true,
      dryRun: false
    }
  })
  const { message, tables, undo } = answer.json()
  assert.deepEqual([message, tables.length, undo.command], [
    '2 rows of backup 1 were written into the live database',
    2,
    'holdfast restore 7'
  ])
  assert.deepEqual(engine.calls, [
    'rescue 1 {"selections":[{"table":"line","where":"id = 1"},{"table":"invoice","where":"id = 2"}],"conflict":"overwrite","children":true,"dryRun":false}'
  ])
  assert.deepEqual(audit.entries.map(({ action, target, outcome }) => [action, target, outcome]), [[
    'rescue',
    'backup 1',
    'done'
  ]])
})

test('the rows of a backup of a set are those of the member that is named', async t => {
  const { app, engine } = await build(t)
  await app.inject({ url: '/api/backups/1/diff?member=audit&table=line', headers })
  await app.inject({
    method: 'POST',
    url: '/api/backups/1/rescue',
    headers,
    payload: { member: 'audit', tables: ['line'], dryRun: false }
  })
  assert.deepEqual(engine.calls.filter(call => /^(?:diff|rescue)/.test(call)), [
    'diff 1 {"with":"live","member":"audit","tables":["line"],"rows":0,"from":0,"valueBytes":1024}',
    'rescue 1 {"member":"audit","selections":[{"table":"line"}],"dryRun":false}'
  ])
})

test('a dry run says what would be done', async t => {
  const { app } = await build(t)
  const answer = (await app.inject({
    method: 'POST',
    url: '/api/backups/1/rescue',
    headers,
    payload: { tables: ['line'], dryRun: true }
  })).json()
  assert.deepEqual([answer.message, answer.undo], ['2 rows of backup 1 would be written', null])
})

test('a dry run says that nothing would come back where something is in the way of all', async t => {
  class Refusing extends FakeEngine {
    override async rescue (id: number, wish: RescueRequest) {
      const { job, result } = await super.rescue(id, wish)
      return {
        job,
        result: result.then(rescued => ({
          ...rescued,
          rescue: {
            ...rescued.rescue,
            refused: true,
            conflicts: ['"line" 4 exists in the live database with other values']
          }
        }))
      }
    }
  }
  const { app } = await build(t, { engine: new Refusing(1) })
  const { message, refused, conflicts } = (await app.inject({
    method: 'POST',
    url: '/api/backups/1/rescue',
    headers,
    payload: { tables: ['line'], conflict: 'fail', dryRun: true }
  })).json()
  assert.deepEqual([message, refused, conflicts.length], [
    'No row of backup 1 would be written: see "conflicts"',
    true,
    1
  ])
})

for (
  const [payload, field] of [
    [{ tables: ['line'] }, 'dryRun'],
    [{ dryRun: true }, 'tables'],
    [{ tables: [], dryRun: true }, 'tables'],
    [{ tables: [{ where: 'id = 1' }], dryRun: true }, 'tables'],
    [{ tables: ['a\0b'], dryRun: true }, 'tables'],
    [{ tables: ['line'], where: '', dryRun: true }, 'where'],
    [{ tables: ['line'], where: 'x'.repeat(10_001), dryRun: true }, 'where'],
    [{ tables: ['line'], conflict: 'merge', dryRun: true }, 'conflict'],
    [{ tables: ['line'], confirm: true, dryRun: true }, 'confirm']
  ] as const
) {
  test(`${JSON.stringify(payload).slice(0, 60)} is refused with a word about "${field}"`, async t => {
    const { app, engine } = await build(t)
    const answer = await app.inject({ method: 'POST', url: '/api/backups/1/rescue', headers, payload })
    assert.deepEqual([answer.statusCode, engine.calls], [400, []])
    assert.match(answer.body, new RegExp(field))
  })
}

for (const query of ['with=0', 'with=all', 'rows=1001', 'rows=-1', 'table=', 'tables=line']) {
  test(`a difference with "${query}" is refused`, async t => {
    const { app } = await build(t)
    assert.equal((await app.inject({ url: `/api/backups/1/diff?${query}`, headers })).statusCode, 400)
  })
}

test('rows, and whatever is in a backup of the catalog, are for admins alone', async t => {
  const { app, engine } = await build(t)
  engine.put(aBackup({ id: 8, source: 'holdfast' }))
  const asked = (url: string, method: 'GET' | 'HEAD' = 'GET') => async (token: string | undefined): Promise<number> =>
    (await app.inject({ method, url, headers: bearer(token) })).statusCode
  for (
    const [url, least] of [
      ['/api/backups/1/diff', 'operator'],
      ['/api/backups/1/diff?with=2', 'operator'],
      ['/api/backups/1/diff?rows=0', 'operator'],
      ['/api/backups/1/diff?rows=1', 'admin'],
      ['/api/backups/1/diff?with=2&rows=1000', 'admin'],
      ['/api/backups/1/diff?member=audit', 'operator'],
      ['/api/backups/1/diff?member=holdfast', 'admin'],
      ['/api/backups/8/diff', 'admin'],
      ['/api/backups/8/diff?with=1', 'admin'],
      ['/api/backups/1/diff?with=8', 'admin'],
      ['/api/backups/1/diff?with=8&table=audit', 'admin']
    ] as const
  ) {
    await assertReach(asked(url), least, url)
    await assertReach(asked(url, 'HEAD'), least, `HEAD ${url}`)
  }
})

test('what is refused for its rows is not done, and not given again by an idempotency key either', async t => {
  const { app, engine } = await build(t)
  assert.equal(
    (await app.inject({ url: '/api/backups/1/diff?rows=1', headers: as('operator') })).json().code,
    'FORBIDDEN'
  )
  assert.ok(!engine.calls.some(call => call.startsWith('diff')))
  const rescue: InjectOptions = {
    method: 'POST',
    url: '/api/backups/1/rescue',
    payload: { tables: ['t'], dryRun: false }
  }
  const key = { 'idempotency-key': 'k' }
  assert.equal((await app.inject({ ...rescue, headers: { ...as('admin', 'ann'), ...key } })).statusCode, 200)
  for (const role of ['operator', 'viewer'] as const) {
    assert.equal((await app.inject({ ...rescue, headers: { ...as(role, 'ann'), ...key } })).statusCode, 403)
  }
})
