import assert from 'node:assert/strict'
import { test } from 'node:test'
import { build, type Json } from '../support/http/server.ts'
import { assertReach, bearer, type Least } from '../support/http/role-access.ts'

/** Who may do what: the least role of every route. A new route, or another role, is to be entered here on purpose. */
const TABLE: Readonly<Record<string, Least>> = {
  'GET /health': 'open',
  'GET /healthz': 'open',
  'GET /health/live': 'open',
  'GET /health/ready': 'open',
  'GET /readyz': 'open',
  'GET /metrics': 'open',

  'GET /api/backups': 'viewer',
  'GET /api/backups/{id}': 'viewer',
  'GET /api/backups/stats': 'viewer',
  'GET /api/backups/config': 'viewer',
  'GET /api/sources': 'viewer',
  'GET /api/sources/{name}': 'viewer',
  'GET /api/stores': 'viewer',
  'GET /api/jobs': 'viewer',
  'GET /api/jobs/{id}': 'viewer',
  'GET /api/runs': 'viewer',
  'GET /api/events': 'viewer',
  'GET /api/alerts': 'viewer',
  'GET /api/backups/{id}/files': 'operator',
  'GET /api/restores': 'viewer',
  'GET /api/restores/{id}': 'viewer',
  'GET /api/drills/report': 'viewer',

  'POST /api/backups': 'operator',
  'PATCH /api/backups/{id}': 'operator',
  'POST /api/backups/{id}/verify': 'operator',
  'POST /api/backups/verify': 'operator',
  'POST /api/backups/{id}/upload': 'operator',
  'POST /api/backups/{id}/drill': 'operator',
  'GET /api/backups/{id}/diff': 'operator',
  'POST /api/stores/{name}/probe': 'operator',
  'DELETE /api/jobs/{id}': 'operator',

  'PUT /api/backups/config': 'admin',
  'DELETE /api/backups/{id}': 'admin',
  'POST /api/backups/{id}/undelete': 'admin',
  'POST /api/backups/{id}/release': 'admin',
  'POST /api/backups/{id}/restore': 'admin',
  'POST /api/restores/{id}/undo': 'admin',
  'POST /api/restores/{id}/discard': 'admin',
  'POST /api/backups/{id}/rescue': 'admin',
  'GET /api/backups/{id}/download': 'admin',
  'HEAD /api/backups/{id}/download': 'admin',
  'POST /api/backups/prune': 'admin',
  'GET /api/audit': 'admin'
}

test('every route of the document is in the table of roles, says its role, and is open to nobody below it', async t => {
  const { app } = await build(t)
  const { paths } = (await app.inject('/openapi.json')).json<Json>()
  const documented = Object.entries<Json>(paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).map(([method, { description }]) =>
      [`${method.toUpperCase()} ${path}`, description as string] as const
    )
  )
  assert.deepEqual(documented.map(([name]) => name).toSorted(), Object.keys(TABLE).toSorted())
  for (const [name, description] of documented) {
    assert.match(description, TABLE[name] === 'open' ? /No token needed/ : new RegExp(`Role: ${TABLE[name]}\\b`), name)
  }
})

test('each route, and its HEAD where it reads, holds against every kind of caller', async t => {
  const { app } = await build(t)
  for (const [name, least] of Object.entries(TABLE)) {
    const [method = '', path = ''] = name.split(' ')
    const url = path.replace('{id}', '999999').replace('{name}', 'nosuch')
    for (const asked of method === 'GET' && path !== '/api/events' ? [method, 'HEAD'] : [method]) {
      if (name === 'GET /api/events') {
        // It would never end for those who may.
        assert.equal((await app.inject({ method: 'GET', url })).statusCode, 401)
        continue
      }
      await assertReach(
        async token => (await app.inject({ method: asked as 'GET', url, headers: bearer(token) })).statusCode,
        least,
        `${asked} ${url}`
      )
    }
  }
})
