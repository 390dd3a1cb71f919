import assert from 'node:assert/strict'
import { test } from 'node:test'
import { presentTreeEntry } from '../../../src/present/tree.ts'
import { aTreeEntry } from '../../support/builders/tree.ts'
import { as, build } from '../../support/http/server.ts'

const headers = as('operator')

test('files are listed page by page, and patterns reach the engine as they are', async t => {
  const { app, engine } = await build(t)
  const first = await app.inject({ url: '/api/backups/1/files?pattern=a%2F**&pattern=*.yaml&limit=5', headers })
  assert.equal(first.statusCode, 200)
  assert.deepEqual(first.json(), { success: true, files: [presentTreeEntry(aTreeEntry())], nextCursor: 'bmV4dA' })
  const second = await app.inject({ url: '/api/backups/1/files?cursor=bmV4dA', headers })
  assert.equal(second.json().nextCursor, null)
  assert.deepEqual(engine.calls, [
    'files 1 {"patterns":["a/**","*.yaml"],"limit":5}',
    'files 1 {"patterns":[],"limit":100,"after":"bmV4dA"}'
  ])
})

test('a query that cannot be is refused by name', async t => {
  const { app } = await build(t)
  for (const query of ['limit=0', 'limit=1001', 'pattern=', `pattern=${'a'.repeat(4097)}`, 'path=a']) {
    const answer = await app.inject({ url: `/api/backups/1/files?${query}`, headers })
    assert.deepEqual([query.slice(0, 20), answer.statusCode], [query.slice(0, 20), 400])
  }
  assert.equal((await app.inject({ url: '/api/backups/9/files', headers })).statusCode, 404)
})
