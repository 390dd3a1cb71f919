import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tokenListSchema } from '../../../src/cli/views/token.ts'
import { tokenCommands } from '../../support/cli/token-commands.ts'

test('token list shows each token with what became of it, newest first', async () => {
  const { clock, list, revoke } = await tokenCommands()
  clock.move(2 * 3_600_000)
  await revoke('b1', 'elsewhere')
  assert.deepEqual((await list()).split('\n').map(line => line.split(/ {2,}/)), [
    ['ID', 'ROLE', 'SUBJECT', 'CREATED', 'EXPIRES', 'STATE'],
    ['elsewhere', '?', '(another issuer)', '?', '?', 'revoked'],
    ['b1', 'operator', 'bob', '2025-11-24', '2025-11-25', 'revoked'],
    ['a2', 'viewer', 'ann', '2025-11-24', '2025-11-25', 'expired'],
    ['a1', 'admin', 'ann', '2025-11-24', 'never', 'valid'],
    ['']
  ])
})

test('token list --json says the same for programs', async () => {
  const { list } = await tokenCommands()
  const { tokens } = tokenListSchema.parse(JSON.parse(await list('--json')))
  assert.deepEqual(tokens.map(({ id, state, expiresAt }) => [id, state, expiresAt]), [
    ['b1', 'valid', '2025-11-25T23:30:00.000Z'],
    ['a2', 'valid', '2025-11-25T00:30:00.000Z'],
    ['a1', 'valid', null]
  ])
})
