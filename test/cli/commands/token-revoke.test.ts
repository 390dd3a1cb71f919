import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OUTPUTS } from '../../../src/cli/schemas.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { tokenCommands } from '../../support/cli/token-commands.ts'

test('token revoke refuses the tokens that it is given, known here or not', async () => {
  const { list, revoke } = await tokenCommands()
  assert.equal(
    await revoke('a1', 'elsewhere'),
    'revoked a1 of "ann" (admin)\nrevoked elsewhere, which was not created here\n'
  )
  assert.equal((await list()).match(/revoked$/gm)?.length, 2)
})

test("token revoke --subject takes every valid token of the subject, wherever it was made, and nobody else's", async () => {
  const { clock, tokens, list, revoke } = await tokenCommands()
  clock.move(2 * 3_600_000)
  const issuedAt = clock.now()
  const others = 'tokens for "ann" from other issuers are rejected too if they were issued until now\n'
  assert.equal(await revoke('--subject', 'ann'), `revoked a1 of "ann" (admin)\n${others}`)
  assert.equal(await tokens.isRevoked({ id: 'elsewhere', subject: 'ann', issuedAt }), true)
  assert.match(await list(), /^b1 .* valid$/m)
  assert.equal(await revoke('--subject', 'ann'), `no valid token for "ann" was created here; ${others}`)
})

test('token revoke wants either ids or a subject', async () => {
  const { revoke } = await tokenCommands()
  await rejectsWith('VALIDATION_FAILED', revoke())
  await rejectsWith('VALIDATION_FAILED', revoke('a1', '--subject', 'ann'))
})

test('each revocation is in the audit log, and a look at the tokens is not', async () => {
  const { deeds, list, revoke } = await tokenCommands()
  await list()
  await revoke('a1', 'elsewhere')
  await revoke('--subject', 'bob')
  assert.deepEqual(deeds, [
    'root: token revoke token a1, token elsewhere done',
    'root: token revoke tokens of "bob" done'
  ])
})

test('token revoke --json has the tokens that were revoked, and the subject if one was given', async () => {
  const { revoke } = await tokenCommands()
  const printed = async (...words: string[]): Promise<unknown> => {
    const json: unknown = JSON.parse(await revoke(...words, '--json'))
    const { revoked, subject } = OUTPUTS['token revoke'].parse(json)
    assert.deepEqual(json, { revoked, subject })
    return [revoked.map(({ id, state }) => [id, state]), subject]
  }
  assert.deepEqual(await printed('a1', 'elsewhere'), [[['a1', 'revoked'], ['elsewhere', 'revoked']], null])
  assert.deepEqual(await printed('--subject', 'bob'), [[['b1', 'revoked']], 'bob'])
})
