import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InjectOptions } from 'fastify'
import { createSigner } from 'fast-jwt'
import { JOB_KINDS } from '../../src/core/job.ts'
import { presentEvent } from '../../src/present/event.ts'
import { aBackup, aJob } from '../support/fake-engine.ts'
import { as, build, SECRET, type Json } from '../support/http.ts'

/** Who may do what: the least role of every route. A new route, or another role, is to be entered here on purpose. */
const TABLE: Readonly<Record<string, 'open' | 'viewer' | 'operator' | 'admin'>> = {
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
  'POST /api/backups/{id}/rescue': 'admin',
  'GET /api/backups/{id}/download': 'admin',
  'HEAD /api/backups/{id}/download': 'admin',
  'POST /api/backups/prune': 'admin',
  'GET /api/audit': 'admin'
}

/** How far each caller reaches; -1: is nobody. */
const CALLERS: ReadonlyArray<readonly [name: string, token: string | undefined, reach: number]> = [
  ['no token', undefined, -1],
  ['a bad token', 'x.y.z', -1],
  ['a viewer', tokenWith({ role: 'viewer' }), 1],
  ['no role', tokenWith({}), 1],
  ['an operator', tokenWith({ role: 'operator' }), 2],
  ['an admin', tokenWith({ role: 'admin' }), 3],
  ...['root', 'ADMIN', '__proto__', 'constructor', ['admin'], { admin: true }, null].map((role): [string, string, number] => [JSON.stringify(role), tokenWith({ role }), 0])
]
const RANK = { open: 0, viewer: 1, operator: 2, admin: 3 }

function tokenWith (claims: object): string {
  return createSigner({ key: SECRET.reveal() })({ sub: 'x', iat: Math.floor(Date.now() / 1000), ...claims })
}

function expected (least: keyof typeof RANK, reach: number): number | undefined {
  if (least === 'open') return undefined
  if (reach === -1) return 401
  return reach < RANK[least] ? 403 : undefined
}

async function assertReach (ask: (token: string | undefined) => Promise<number>, least: keyof typeof RANK, what: string): Promise<void> {
  for (const [name, token, reach] of CALLERS) {
    const status = await ask(token)
    const wanted = expected(least, reach)
    if (wanted === undefined) assert.ok(![401, 403].includes(status), `${what} for ${name}: ${status}`)
    else assert.equal(status, wanted, `${what} for ${name}`)
  }
}

test('every route of the document is in the table of roles, says its role, and is open to nobody below it', async t => {
  const { app } = await build(t)
  const { paths } = (await app.inject('/openapi.json')).json<Json>()
  const documented = Object.entries<Json>(paths).flatMap(([path, methods]) => Object.entries<Json>(methods).map(([method, { description }]) => [`${method.toUpperCase()} ${path}`, description as string] as const))
  assert.deepEqual(documented.map(([name]) => name).toSorted(), Object.keys(TABLE).toSorted())
  for (const [name, description] of documented) assert.match(description, TABLE[name] === 'open' ? /No token needed/ : new RegExp(`Role: ${TABLE[name]}\\b`), name)
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
      await assertReach(async token => (await app.inject({ method: asked as 'GET', url, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })).statusCode, least, `${asked} ${url}`)
    }
  }
})

test('rows, and whatever is in a backup of the catalog, are for admins alone', async t => {
  const { app, engine } = await build(t)
  engine.put(aBackup({ id: 8, source: 'holdfast' }))
  const asked = (url: string, method: 'GET' | 'HEAD' = 'GET') => async (token: string | undefined): Promise<number> => (await app.inject({ method, url, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })).statusCode
  for (const [url, least] of [
    ['/api/backups/1/diff', 'operator'],
    ['/api/backups/1/diff?with=2', 'operator'],
    ['/api/backups/1/diff?rows=0', 'operator'],
    ['/api/backups/1/diff?rows=1', 'admin'],
    ['/api/backups/1/diff?with=2&rows=1000', 'admin'],
    ['/api/backups/8/diff', 'admin'],
    ['/api/backups/8/diff?with=1', 'admin'],
    ['/api/backups/1/diff?with=8', 'admin'],
    ['/api/backups/1/diff?with=8&table=audit', 'admin']
  ] as const) {
    await assertReach(asked(url), least, url)
    await assertReach(asked(url, 'HEAD'), least, `HEAD ${url}`)
  }
})

test('a job is cancelled by those who may start one of its kind', async t => {
  const { app, engine } = await build(t)
  const byAdmin = ['prune', 'delete', 'undelete', 'rebuild', 'restore', 'rescue']
  for (const kind of JOB_KINDS) {
    await assertReach(async token => {
      engine.jobLog.set(1, aJob({ id: 1, kind }))
      return (await app.inject({ method: 'DELETE', url: '/api/jobs/1', headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })).statusCode
    }, byAdmin.includes(kind) ? 'admin' : 'operator', kind)
  }
})

test('what is refused for its rows is not done, and not given again by an idempotency key either', async t => {
  const { app, engine } = await build(t)
  assert.equal((await app.inject({ url: '/api/backups/1/diff?rows=1', headers: as('operator') })).json().code, 'FORBIDDEN')
  assert.ok(!engine.calls.some(call => call.startsWith('diff')))
  const rescue: InjectOptions = { method: 'POST', url: '/api/backups/1/rescue', payload: { tables: ['t'], dryRun: false } }
  const key = { 'idempotency-key': 'k' }
  assert.equal((await app.inject({ ...rescue, headers: { ...as('admin', 'ann'), ...key } })).statusCode, 200)
  for (const role of ['operator', 'viewer'] as const) assert.equal((await app.inject({ ...rescue, headers: { ...as(role, 'ann'), ...key } })).statusCode, 403)
})

test('why a job of rows failed is told to admins alone, since it can name rows: to others, and in the events, only the kind of error', async t => {
  const { app, engine } = await build(t)
  const failed = { status: 'failed', errorCode: 'ROWS_IN_THE_WAY', errorMessage: 'in the way: "person" bob@example.org stands there' } as const
  engine.jobLog.set(1, aJob({ id: 1, kind: 'rescue', ...failed }))
  for (const [role, isShown] of [['admin', true], ['operator', false], ['viewer', false]] as const) {
    for (const url of ['/api/jobs', '/api/jobs/1']) {
      const { body } = await app.inject({ url, headers: as(role) })
      assert.equal(body.includes('bob@example.org'), isShown, `${role} ${url}`)
      assert.ok(body.includes('ROWS_IN_THE_WAY'))
    }
  }
  assert.ok(!JSON.stringify(presentEvent({ type: 'job.updated', job: await engine.job(1) }, () => null)).includes('bob@example.org'))
})
