import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TokenIdentity } from '../../src/core/catalog/token.ts'
import { BackupError } from '../../src/core/errors.ts'
import { revocations } from '../../src/http/revocation.ts'
import { signToken } from '../../src/http/tokens.ts'
import { aBackup } from '../support/builders/backup.ts'
import { build, SECRET } from '../support/http/server.ts'
import { memoryTokens } from '../support/http/memory-tokens.ts'

const ANN: TokenIdentity = { id: 'a1', subject: 'ann', issuedAt: null }

/** A catalog that counts how often it is asked, and changes when it is told to. */
function catalog () {
  const tokens = memoryTokens()
  const state = { asked: 0, version: 'one' }
  const isRevoked = revocations({
    isRevoked (token) {
      state.asked++
      return tokens.isRevoked(token)
    }
  }, () => state.version)
  return { tokens, state, isRevoked }
}

test('a token is asked for once, until the catalog changes', async () => {
  const { tokens, state, isRevoked } = catalog()
  assert.equal(await isRevoked(ANN), false)
  assert.equal(isRevoked(ANN), false)
  await tokens.revoke('a1', new Date(0))
  state.version = 'two'
  assert.equal(await isRevoked(ANN), true)
  assert.equal(isRevoked(ANN), true)
  assert.equal(state.asked, 2)
})

test('tokens are told apart by their id, by their subject and by when they were issued', async () => {
  const { tokens, isRevoked } = catalog()
  await tokens.revokeSubject('ann', new Date(1000))
  const answers = []
  for (const [subject, seconds] of [['ann', 1], ['ann', 2], ['bob', 1]] as const) {
    answers.push(await isRevoked({ id: null, subject, issuedAt: new Date(seconds * 1000) }))
  }
  assert.deepEqual(answers, [true, false, false])
})

test('an answer that was under way when the catalog changed is not remembered', async () => {
  const answers = [Promise.withResolvers<boolean>(), Promise.withResolvers<boolean>()]
  let [version, asked] = ['one', 0]
  const isRevoked = revocations(
    { isRevoked: () => answers[asked++]?.promise ?? assert.fail('it is asked too often') },
    () => version
  )
  const early = isRevoked(ANN)
  version = 'two'
  const late = isRevoked(ANN)
  answers[1]?.resolve(true)
  assert.equal(await late, true)
  answers[0]?.resolve(false)
  await early
  assert.equal(isRevoked(ANN), true)
})

test('a catalog that cannot even tell its version is a rejection', async () => {
  const isRevoked = revocations(memoryTokens(), () => {
    throw new BackupError('CATALOG_FAILED', 'the catalog is closed')
  })
  const answer = isRevoked(ANN)
  await assert.rejects(async () => await answer, { code: 'CATALOG_FAILED' })
})

test('of more tokens than 1000 the early ones are forgotten, and asked for anew', async () => {
  const { tokens, state, isRevoked } = catalog()
  await tokens.revoke('n7', new Date(0))
  const answers = []
  for (let i = 0; i < 2500; i++) answers.push(await isRevoked({ ...ANN, id: `n${i}` }))
  assert.deepEqual(answers.flatMap((isRevoked, i) => isRevoked ? [i] : []), [7])
  assert.equal(await isRevoked({ ...ANN, id: 'n7' }), true)
  assert.equal(state.asked, 2501)
})

test('a revoked token is refused with a message of its own, before the body is read', async t => {
  const tokens = memoryTokens()
  const { app, engine } = await build(t, { tokens })
  const headers = bearer('a1')
  assert.equal((await app.inject({ url: '/api/backups', headers })).statusCode, 200)
  await tokens.revoke('a1', new Date())
  engine.put(aBackup({ id: 4 }))
  engine.calls.length = 0
  const answer = await app.inject({
    method: 'POST',
    url: '/api/backups',
    headers: { ...headers, 'content-type': 'application/json' },
    payload: '{'
  })
  assert.deepEqual([answer.statusCode, answer.json().code, answer.json().detail], [
    401,
    'UNAUTHORIZED',
    'the token was revoked'
  ])
  assert.match(String(answer.headers['www-authenticate']), /error="invalid_token"/)
  assert.deepEqual(engine.calls, [])
  assert.equal((await app.inject({ url: '/api/backups', headers: bearer('a2') })).statusCode, 200)
  assert.equal((await app.inject('/health/live')).statusCode, 200)
})

test('where it cannot be told whether a token was revoked, it is not accepted', async t => {
  const { app, engine } = await build(t, {
    tokens: { isRevoked: () => Promise.reject(new BackupError('CATALOG_FAILED', 'the disk is gone')) }
  })
  assert.equal((await app.inject({ url: '/api/backups', headers: bearer('a1') })).statusCode, 500)
  assert.deepEqual(engine.calls, [])
})

function bearer (id: string): { authorization: string } {
  return {
    authorization: `Bearer ${
      signToken({ secret: SECRET, id, subject: 'ann', role: 'admin', expiresInSeconds: 3600, now: new Date() })
    }`
  }
}
