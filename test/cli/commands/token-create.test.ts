import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { OUTPUTS } from '../../../src/cli/schemas.ts'
import { holdfast } from '../../support/processes/holdfast.ts'
import { workDir } from '../../support/config/config.ts'

const SECRET = 'a secret that is long enough to be one'

/** The claims, once the signature is proven with nothing but Node. */
function claims (token: string, secret: string): Record<string, unknown> {
  const [header = '', payload = '', signature] = token.trim().split('.')
  assert.deepEqual(JSON.parse(Buffer.from(header, 'base64url').toString()), { alg: 'HS256', typ: 'JWT' })
  assert.equal(signature, createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url'))
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
}

test('token create prints one token and nothing else', async t => {
  const { code, out, err } = await holdfast(
    ['token', 'create', '--role', 'operator', '--expires', '12h', '--subject', 'nightly'],
    workDir(t),
    { JWT_SECRET: SECRET }
  )
  assert.deepEqual([code, err], [0, ''])
  assert.match(out, /^[\w-]+\.[\w-]+\.[\w-]+\n$/)
  const { sub, role, iat, exp, jti } = claims(out, SECRET)
  assert.deepEqual([sub, role, Number(exp) - Number(iat), typeof jti], ['nightly', 'operator', 43_200, 'string'])
})

test('a token is for the user of the machine, unless --subject or --name says another', async t => {
  const cwd = workDir(t)
  const subjectOf = async (...words: string[]): Promise<unknown> =>
    claims((await holdfast(['token', 'create', '--role', 'viewer', ...words], cwd, { JWT_SECRET: SECRET })).out, SECRET)
      .sub
  assert.deepEqual([await subjectOf(), await subjectOf('--name', 'grafana'), await subjectOf('--subject', 'nightly')], [
    userInfo().username,
    'grafana',
    'nightly'
  ])
  const both = await holdfast(['token', 'create', '--role', 'viewer', '--name', 'a', '--subject', 'b'], cwd)
  assert.equal(both.code, 2)
  assert.match(both.err, /cannot be used with option '--subject <name>'/)
})

test('token create --json has the token and what the catalog knows of it', async t => {
  const { code, out, err } = await holdfast(
    ['token', 'create', '--role', 'viewer', '--name', 'grafana', '--expires', '1d', '--json'],
    workDir(t),
    { JWT_SECRET: SECRET }
  )
  assert.deepEqual([code, err], [0, ''])
  const printed = JSON.parse(out)
  assert.deepEqual(OUTPUTS['token create'].parse(printed), printed)
  const { jti, exp } = claims(printed.token, SECRET)
  assert.deepEqual([
    printed.id,
    printed.subject,
    printed.role,
    printed.state,
    Math.floor(Date.parse(printed.expiresAt) / 1000)
  ], [
    jti,
    'grafana',
    'viewer',
    'valid',
    exp
  ])
})

test('a token lasts 90 days when nothing is said', async t => {
  const { out } = await holdfast(['token', 'create', '--role', 'viewer'], workDir(t), { JWT_SECRET: SECRET })
  const { iat, exp } = claims(out, SECRET)
  assert.equal(Number(exp) - Number(iat), 90 * 86_400)
})

test('a token without an end is made only when asked for', async t => {
  const { out } = await holdfast(['token', 'create', '--role', 'viewer', '--expires', 'never'], workDir(t), {
    JWT_SECRET: SECRET
  })
  assert.equal(claims(out, SECRET).exp, undefined)
})

test('before the first start of the service the secret is made, and the next token has the same', async t => {
  const cwd = workDir(t)
  const first = await holdfast(['token', 'create', '--role', 'admin'], cwd)
  const secret = readFileSync(join(cwd, 'data/jwt-secret'), 'utf8').trim()
  const second = await holdfast(['token', 'create', '--role', 'admin'], cwd)
  assert.deepEqual([first, second].map(({ out }) => claims(out, secret).role), ['admin', 'admin'])
})

test('a time that is none is refused before anything is made', async t => {
  const cwd = workDir(t)
  const { code, out, err } = await holdfast(['token', 'create', '--role', 'viewer', '--expires', 'soon'], cwd)
  assert.deepEqual([code, out], [2, ''])
  assert.match(err, /hint: Give a number and a unit/)
  assert.deepEqual(readdirSync(cwd), [])
})

test('with a public key no token can be made, and the error says who can', async t => {
  const key = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' })
  const { code, out, err } = await holdfast(['token', 'create', '--role', 'viewer'], workDir(t), {
    JWT_PUBLIC_KEY: key
  })
  assert.deepEqual([code, out], [2, ''])
  assert.match(err, /holder of the private key/)
})

test('a configuration that is not valid is reported whole', async t => {
  const { code, out, err } = await holdfast(['token', 'create', '--role', 'viewer'], workDir(t), {
    JWT_SECRET: 'short',
    PORT: 'x'
  })
  assert.deepEqual([code, out], [2, ''])
  assert.match(err, /2 problems[^]*PORT[^]*JWT_SECRET/)
})

test('a token without an end is not made where the service would refuse it', async t => {
  const cwd = workDir(t)
  const { code, out, err } = await holdfast(['token', 'create', '--role', 'viewer', '--expires', 'never'], cwd, {
    REQUIRE_TOKEN_EXPIRY: 'true'
  })
  assert.deepEqual([code, out], [2, ''])
  assert.match(err, /REQUIRE_TOKEN_EXPIRY/)
  assert.deepEqual(readdirSync(cwd), [])
})
