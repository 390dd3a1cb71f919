import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuditEntry } from '../../../src/core/catalog/audit.ts'
import { newCatalog } from '../../support/catalog/catalog.ts'
import { as, build } from '../../support/http/server.ts'

const admin = as('admin', 'ann')

test('GET /api/audit shows what the catalog holds, page by page and filtered, and only to an admin', async t => {
  const { catalog: { audit } } = await newCatalog(t)
  const { app } = await build(t, { audit })
  const post = (url: string, headers: Record<string, string>): Promise<unknown> =>
    app.inject({ method: 'POST', url, headers })
  await post('/api/backups', admin)
  await post('/api/backups/1/verify', as('operator', 'bob'))
  await post('/api/backups/1/undelete', as('viewer', 'eve'))

  const first = await app.inject({ url: '/api/audit?limit=2', headers: admin })
  assert.deepEqual(first.json().entries.map(({ actor, outcome }: AuditEntry) => [actor, outcome]), [
    ['eve', 'refused'],
    ['bob', 'done']
  ])
  const second = await app.inject({ url: `/api/audit?limit=2&cursor=${first.json().nextCursor}`, headers: admin })
  assert.deepEqual([second.json().entries.map(({ actor }: AuditEntry) => actor), second.json().nextCursor], [
    ['ann'],
    null
  ])

  const filtered = async (query: string): Promise<string[]> =>
    (await app.inject({ url: `/api/audit?${query}`, headers: admin })).json().entries.map(({ actor }: AuditEntry) =>
      actor
    )
  assert.deepEqual(await filtered('actor=bob'), ['bob'])
  assert.deepEqual(await filtered('action=backup%20create'), ['ann'])
  assert.deepEqual(await filtered('outcome=refused'), ['eve'])
  assert.deepEqual(await filtered('since=2999-01-01T00:00:00Z'), [])
  assert.equal((await app.inject({ url: '/api/audit?outcome=perhaps', headers: admin })).statusCode, 400)
  assert.equal((await app.inject({ url: '/api/audit', headers: as('operator') })).statusCode, 403)
})
