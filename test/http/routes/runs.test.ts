import assert from 'node:assert/strict'
import { test } from 'node:test'
import { presentRun } from '../../../src/present/run.ts'
import { as, build } from '../../support/http/server.ts'
import { aRun } from '../../support/builders/run.ts'

const headers = as('viewer')

test('runs are listed newest first, a page at a time', async t => {
  const { app, engine } = await build(t)
  engine.runLog.push(...[1, 2, 3].map(id => aRun({ id })))
  const first = (await app.inject({ url: '/api/runs?limit=2', headers })).json()
  assert.deepEqual(first.runs, [3, 2].map(id => presentRun(aRun({ id }))))
  assert.equal(typeof first.nextCursor, 'string')
  const second = (await app.inject({ url: `/api/runs?limit=2&cursor=${first.nextCursor}`, headers })).json()
  assert.deepEqual([second.success, second.runs.map((run: { id: number }) => run.id), second.nextCursor], [
    true,
    [1],
    null
  ])
})

test('runs are filtered by source, status and kind', async t => {
  const { app, engine } = await build(t)
  engine.runLog.push(
    aRun({ id: 1 }),
    aRun({ id: 2, source: 'bank' }),
    aRun({ id: 3, status: 'skipped', reason: 'for a reason' }),
    aRun({ id: 4, kind: 'prune', source: null })
  )
  const ids = async (query: string): Promise<number[]> =>
    (await app.inject({ url: `/api/runs?${query}`, headers })).json().runs.map((run: { id: number }) => run.id)
  assert.deepEqual(await ids('source=shop'), [3, 1])
  assert.deepEqual(await ids('status=skipped'), [3])
  assert.deepEqual(await ids('kind=prune'), [4])
})

test('what no run can be is refused', async t => {
  const { app } = await build(t)
  for (const query of ['status=lost', 'kind=verify', 'source=../shop', 'limit=0', 'rule=daily']) {
    assert.equal((await app.inject({ url: `/api/runs?${query}`, headers })).statusCode, 400, query)
  }
})
