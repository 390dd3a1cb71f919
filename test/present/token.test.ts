import assert from 'node:assert/strict'
import { test } from 'node:test'
import { presentToken, tokenSchema, tokenState } from '../../src/present/token.ts'
import { STARTED } from '../support/builders/backup.ts'

const TOKEN = { id: 'a1', subject: 'ann', role: 'admin', createdAt: STARTED, expiresAt: null, revokedAt: null }
const before = (ms: number): Date => new Date(STARTED.getTime() - ms)

test('a token is valid until the instant at which it expires, and one without an end for ever', () => {
  assert.equal(tokenState(TOKEN, STARTED), 'valid')
  assert.equal(tokenState({ ...TOKEN, expiresAt: STARTED }, before(1)), 'valid')
  assert.equal(tokenState({ ...TOKEN, expiresAt: STARTED }, STARTED), 'expired')
})

test('a token that was revoked is so, whether it has expired or not', () => {
  assert.equal(tokenState({ ...TOKEN, revokedAt: STARTED }, STARTED), 'revoked')
  assert.equal(tokenState({ ...TOKEN, revokedAt: STARTED, expiresAt: before(1) }, STARTED), 'revoked')
})

test('of a token made elsewhere only its revocation is shown', () => {
  const view = presentToken({ ...TOKEN, subject: null, role: null, createdAt: null, revokedAt: STARTED }, STARTED)
  assert.deepEqual(tokenSchema.strict().parse(view), view)
  assert.deepEqual([view.subject, view.createdAt, view.state], [null, null, 'revoked'])
})
