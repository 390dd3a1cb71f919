import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signToken } from '../../src/http/tokens.ts'
import { SECRET } from '../support/http/server.ts'

test('a token says which it is, for whom, what it may, since when and until when', () => {
  const now = new Date('2025-11-24T23:30:00.500Z')
  const claims = (expiresInSeconds: number | null): Record<string, unknown> =>
    JSON.parse(
      Buffer.from(
        signToken({ secret: SECRET, id: 'one', subject: 'ann', role: 'admin', expiresInSeconds, now }).split('.')[1]!,
        'base64url'
      ).toString()
    )
  assert.deepEqual(claims(60), { sub: 'ann', role: 'admin', jti: 'one', iat: 1764027000, exp: 1764027060 })
  assert.equal('exp' in claims(null), false)
})
