import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { createSigner } from 'fast-jwt'
import fastify, { type LightMyRequestResponse } from 'fastify'
import pino from 'pino'
import { Secret } from '../../src/core/secret.ts'
import { authenticate } from '../../src/http/auth.ts'
import type { App } from '../../src/http/route.ts'
import { ROLES, type Role } from '../../src/http/roles.ts'
import { signToken } from '../../src/http/tokens.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { as, build, SECRET } from '../support/http/server.ts'

const OTHER = new Secret('quite another secret, and also long enough for it')
const seconds = (offset = 0): number => Math.floor(new Date().getTime() / 1000) + offset
const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const signed = (claims: object, algorithm: 'HS256' | 'HS384' | 'HS512' = 'HS256', secret = SECRET): string =>
  createSigner({ algorithm, key: secret.reveal(), noTimestamp: true })({ ...claims })
const good = signed({ sub: 'ann', role: 'admin' })

const REFUSED: Readonly<Record<string, string>> = {
  'with the algorithm none': `Bearer ${base64url({ alg: 'none', typ: 'JWT' })}.${
    base64url({ sub: 'ann', role: 'admin' })
  }.`,
  'with the algorithm none and a signature': `Bearer ${base64url({ alg: 'none' })}.${base64url({ role: 'admin' })}.${
    good.split('.')[2]
  }`,
  'signed with HS384': `Bearer ${signed({ role: 'admin' }, 'HS384')}`,
  'signed with HS512': `Bearer ${signed({ role: 'admin' }, 'HS512')}`,
  'signed with another secret': `Bearer ${signed({ role: 'admin' }, 'HS256', OTHER)}`,
  'that has expired': `Bearer ${signed({ role: 'admin', exp: seconds(-1) })}`,
  'whose end is no number': `Bearer ${base64url({ alg: 'HS256' })}.${base64url({ role: 'admin', exp: 'never' })}.x`,
  'that is not valid yet': `Bearer ${signed({ role: 'admin', nbf: seconds(3600) })}`,
  'whose claims were changed': `Bearer ${good.split('.')[0]}.${base64url({ role: 'admin', sub: 'bob' })}.${
    good.split('.')[2]
  }`,
  'without its signature': `Bearer ${good.split('.').slice(0, 2).join('.')}.`,
  'cut short': `Bearer ${good.slice(0, -2)}`,
  'that is rubbish': 'Bearer rubbish',
  'that is empty': 'Bearer ',
  'under another scheme': `Basic ${good}`,
  'given twice': `Bearer ${good} ${good}`
}

for (const [what, authorization] of Object.entries(REFUSED)) {
  test(`a token ${what} is refused, and the answer says that it was the token`, async t => {
    const { app, engine } = await build(t)
    const answer = await app.inject({ method: 'POST', url: '/api/backups', headers: { authorization } })
    assert.equal(answer.statusCode, 401)
    assert.equal(answer.json().code, 'UNAUTHORIZED')
    assert.match(String(answer.headers['www-authenticate']), /^Bearer .*error="invalid_token"/)
    assert.deepEqual(engine.calls, [])
  })
}

test('without a token the answer asks for one, and accuses none', async t => {
  const { app } = await build(t)
  const answer = await app.inject('/api/backups')
  assert.equal(answer.statusCode, 401)
  assert.equal(answer.headers['www-authenticate'], 'Bearer realm="holdfast"')
})

test('a token that was accepted before is refused once it has expired', async t => {
  const { app, clock } = await build(t)
  const headers = {
    authorization: `Bearer ${
      signToken({ secret: SECRET, id: 'one', subject: 'ann', role: 'viewer', expiresInSeconds: 60, now: clock.now() })
    }`
  }
  const ask = async (): Promise<number> => (await app.inject({ url: '/api/backups', headers })).statusCode
  assert.equal(await ask(), 200)
  clock.move(59_000)
  assert.equal(await ask(), 200)
  clock.move(2000)
  assert.equal(await ask(), 401)
})

test('a token without a role may read and no more', async t => {
  const { app } = await build(t)
  const headers = { authorization: `Bearer ${signed({ sub: 'ann' })}` }
  assert.equal((await app.inject({ url: '/api/backups', headers })).statusCode, 200)
  assert.equal((await app.inject({ method: 'POST', url: '/api/backups', headers })).statusCode, 403)
})

for (const role of ['owner', 'Admin', '', null, 7, ['admin'], { admin: true }, '__proto__', 'constructor']) {
  test(`a token with the role ${JSON.stringify(role)} may not even read`, async t => {
    const { app } = await build(t)
    const answer = await app.inject({
      url: '/api/backups',
      headers: { authorization: `Bearer ${signed({ sub: 'ann', role })}` }
    })
    assert.equal(answer.statusCode, 403)
    assert.equal(answer.json().code, 'FORBIDDEN')
  })
}

const NEEDS: readonly (readonly [string, string, Role])[] = [
  ['GET', '/api/backups', 'viewer'],
  ['GET', '/api/backups/stats', 'viewer'],
  ['GET', '/api/backups/config', 'viewer'],
  ['GET', '/api/backups/1', 'viewer'],
  ['GET', '/api/sources', 'viewer'],
  ['GET', '/api/sources/workstation', 'viewer'],
  ['GET', '/api/stores', 'viewer'],
  ['GET', '/api/jobs', 'viewer'],
  ['GET', '/api/jobs/1', 'viewer'],
  ['GET', '/api/runs', 'viewer'],
  ['GET', '/api/backups/1/files', 'operator'],
  ['GET', '/api/restores', 'viewer'],
  ['GET', '/api/restores/1', 'viewer'],
  ['GET', '/api/drills/report', 'viewer'],
  ['GET', '/api/alerts', 'viewer'],
  ['GET', '/api/audit', 'admin'],
  ['POST', '/api/backups', 'operator'],
  ['POST', '/api/backups/1/verify', 'operator'],
  ['POST', '/api/backups/1/upload', 'operator'],
  ['POST', '/api/backups/verify', 'operator'],
  ['POST', '/api/backups/1/drill', 'operator'],
  ['PATCH', '/api/backups/1', 'operator'],
  ['POST', '/api/stores/far/probe', 'operator'],
  ['DELETE', '/api/jobs/1', 'operator'],
  ['PUT', '/api/backups/config', 'admin'],
  ['DELETE', '/api/backups/1', 'admin'],
  ['POST', '/api/backups/1/undelete', 'admin'],
  ['POST', '/api/backups/1/release', 'admin'],
  ['GET', '/api/backups/1/diff', 'operator'],
  ['POST', '/api/backups/1/rescue', 'admin'],
  ['POST', '/api/backups/1/restore', 'admin'],
  ['POST', '/api/restores/1/undo', 'admin'],
  ['POST', '/api/restores/1/discard', 'admin'],
  ['POST', '/api/backups/prune', 'admin'],
  ['GET', '/api/backups/1/download', 'admin'],
  ['HEAD', '/api/backups/1/download', 'admin']
]

for (const [method, url, needed] of NEEDS) {
  test(`${method} ${url} is for ${needed} and above`, async t => {
    const { app, engine } = await build(t)
    const statuses: Record<string, boolean> = {}
    for (const role of ROLES) {
      engine.calls.length = 0
      const { statusCode } = await app.inject({ method: method as 'GET', url, headers: as(role) })
      statuses[role] = statusCode !== 403 && statusCode !== 401
      if (!statuses[role]) assert.deepEqual(engine.calls, [])
    }
    const from = ROLES.indexOf(needed)
    assert.deepEqual(statuses, Object.fromEntries(ROLES.map((role, index) => [role, index >= from])))
  })
}

test('every route below /api is in the table above', async t => {
  const { app } = await build(t)
  const document = (await app.inject('/openapi.json')).json()
  const routes = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`)
  )
  const told = new Set(
    NEEDS.map(([method, url]) =>
      `${method} ${url.replace(/\/1\b/, '/{id}').replace(/\/(workstation|far)\b/, '/{name}')}`
    )
  )
  assert.deepEqual(routes.filter(route => route.includes(' /api') && !told.has(route)), ['GET /api/events'])
})

test('a refused request is not read: a body that is no JSON makes no difference', async t => {
  const { app } = await build(t)
  const answer = await app.inject({
    method: 'POST',
    url: '/api/backups',
    headers: { 'content-type': 'application/json' },
    payload: '{'
  })
  assert.equal(answer.statusCode, 401)
})

test('a public key accepts what its private key signed', async t => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const key = new Secret(publicKey.export({ type: 'spki', format: 'pem' }))
  const { app } = await build(t, { tokenKey: { algorithm: 'EdDSA', key } })
  const token = createSigner({ algorithm: 'EdDSA', key: privateKey.export({ type: 'pkcs8', format: 'pem' }) })({
    sub: 'ann',
    role: 'viewer'
  })
  assert.equal(
    (await app.inject({ url: '/api/backups', headers: { authorization: `Bearer ${token}` } })).statusCode,
    200
  )
})

test('a public key is not taken for the secret of HS256', async t => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = publicKey.export({ type: 'spki', format: 'pem' })
  const { app } = await build(t, { tokenKey: { algorithm: 'RS256', key: new Secret(pem) } })
  const { createHmac } = await import('node:crypto')
  const input = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url({ role: 'admin' })}`
  const token = `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`
  assert.equal(
    (await app.inject({ url: '/api/backups', headers: { authorization: `Bearer ${token}` } })).statusCode,
    401
  )
})

test('a token that says it is issued in the future is refused: no revocation of its subject would reach it', async t => {
  const { app } = await build(t)
  const ask = async (ahead: number): Promise<LightMyRequestResponse> => {
    const now = new Date(new Date().getTime() + ahead * 1000)
    return await app.inject({
      url: '/api/backups',
      headers: {
        authorization: `Bearer ${
          signToken({ secret: SECRET, id: 'one', subject: 'ann', role: 'viewer', expiresInSeconds: 36_000, now })
        }`
      }
    })
  }
  const refused = await ask(3600)
  assert.equal(refused.statusCode, 401)
  assert.match(refused.json().detail, /issued in the future/)
  assert.deepEqual([(await ask(30)).statusCode, (await ask(-3600)).statusCode], [200, 200])
})

test('a token without an end is accepted, and refused where the service asks for an end', async t => {
  const endless = { authorization: `Bearer ${signed({ sub: 'ann', iat: seconds() })}` }
  const { app } = await build(t)
  assert.equal((await app.inject({ url: '/api/backups', headers: endless })).statusCode, 200)
  const { app: strict } = await build(t, { requireTokenExpiry: true })
  const refused = await strict.inject({ url: '/api/backups', headers: endless })
  assert.equal(refused.statusCode, 401)
  assert.match(refused.json().detail, /no expiry/)
  assert.equal((await strict.inject({ url: '/api/backups', headers: as('viewer') })).statusCode, 200)
})

test('the use of a token without an end is logged once for each caller', async t => {
  const lines: Array<{ level: number, caller?: string, msg: string }> = []
  const { app } = await build(t, {
    logger: pino({}, {
      write: (line: string) => {
        lines.push(JSON.parse(line))
      }
    })
  })
  for (const sub of ['ann', 'ann', 'bob']) {
    await app.inject({ url: '/api/backups', headers: { authorization: `Bearer ${signed({ sub })}` } })
  }
  await app.inject({ url: '/api/backups', headers: as('viewer', 'carl') })
  assert.deepEqual(
    lines.filter(({ msg }) => msg.includes('without an expiry')).map(({ level, caller }) => [level, caller]),
    [[40, 'subject ann'], [40, 'subject bob']]
  )
})

test('a route below /api that says nothing about its role cannot be registered', async t => {
  const app = fastify() as unknown as App
  t.after(() => app.close())
  await authenticate(app, {
    tokenKey: { algorithm: 'HS256', key: SECRET },
    isRevoked: () => false,
    requireTokenExpiry: false,
    clock: new FakeClock()
  })
  assert.throws(() => {
    app.get('/api/open', () => 'x')
  }, { code: 'INTERNAL' })
})
