import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tokenListCommand, type TokenListDeps } from '../../src/cli/commands/token-list.ts'
import { tokenRevokeCommand, type TokenRevokeDeps } from '../../src/cli/commands/token-revoke.ts'
import { screenOn } from '../../src/cli/screen.ts'
import { tokenListSchema } from '../../src/cli/views/token.ts'
import { tokensFrom, type OpenedTokens } from '../../src/cli/with-tokens.ts'
import type { TokenLog } from '../../src/core/catalog/token.ts'
import { FakeClock } from '../support/clock.ts'
import { rejectsWith } from '../support/rejects.ts'
import { memoryTokens } from '../support/token-log.ts'

interface Commands {
  readonly clock: FakeClock
  readonly tokens: TokenLog
  /** What was recorded in the audit log, one word after the other. */
  readonly deeds: readonly string[]
  readonly list: (...words: string[]) => Promise<string>
  readonly revoke: (...words: string[]) => Promise<string>
}

/** Tokens of two people: ann's are one for ever and one for an hour, bob's for a day. */
async function commands (): Promise<Commands> {
  const clock = new FakeClock()
  const tokens = memoryTokens()
  const deeds: string[] = []
  const audit: OpenedTokens['audit'] = {
    async record (entry) {
      deeds.push(`${entry.actor}: ${entry.action} ${entry.target} ${entry.outcome}`)
      return { times: 1, ...entry, id: deeds.length }
    },
    list: () => assert.fail('nothing is read'),
    purge: () => assert.fail('nothing is forgotten')
  }
  const recorder = { clock, actor: 'root', host: 'here', warn: (message: string) => assert.fail(message) }
  const createdAt = clock.now()
  const after = (hours: number): Date => new Date(createdAt.getTime() + hours * 3_600_000)
  await tokens.add({ id: 'a1', subject: 'ann', role: 'admin', createdAt, expiresAt: null })
  await tokens.add({ id: 'a2', subject: 'ann', role: 'viewer', createdAt, expiresAt: after(1) })
  await tokens.add({ id: 'b1', subject: 'bob', role: 'operator', createdAt, expiresAt: after(24) })
  const running = (make: (deps: TokenRevokeDeps & TokenListDeps) => ReturnType<typeof tokenRevokeCommand>) => async (...words: string[]): Promise<string> => {
    let out = ''
    const write = (text: string): void => { out += text }
    const stream = { write }
    await make({ screen: () => screenOn(stream, {}, clock), withTokens: tokensFrom(async () => ({ tokens, audit, close: async () => {} }), recorder), clock, output: { out: stream, err: stream } }).parseAsync(words, { from: 'user' })
    return out
  }
  return { clock, tokens, deeds, list: running(tokenListCommand), revoke: running(tokenRevokeCommand) }
}

test('token list shows each token with what became of it, newest first', async () => {
  const { clock, list, revoke } = await commands()
  clock.move(2 * 3_600_000)
  await revoke('b1', 'elsewhere')
  assert.deepEqual((await list()).split('\n').map(line => line.split(/ {2,}/)), [
    ['ID', 'ROLE', 'SUBJECT', 'CREATED', 'EXPIRES', 'STATE'],
    ['elsewhere', '?', '(made elsewhere)', '?', '?', 'revoked'],
    ['b1', 'operator', 'bob', '2025-11-24', '2025-11-25', 'revoked'],
    ['a2', 'viewer', 'ann', '2025-11-24', '2025-11-25', 'expired'],
    ['a1', 'admin', 'ann', '2025-11-24', 'never', 'valid'],
    ['']
  ])
})

test('token list --json says the same for programs', async () => {
  const { list } = await commands()
  const { tokens } = tokenListSchema.parse(JSON.parse(await list('--json')))
  assert.deepEqual(tokens.map(({ id, state, expiresAt }) => [id, state, expiresAt]), [
    ['b1', 'valid', '2025-11-25T23:30:00.000Z'],
    ['a2', 'valid', '2025-11-25T00:30:00.000Z'],
    ['a1', 'valid', null]
  ])
})

test('token revoke refuses the tokens that it is given, known here or not', async () => {
  const { list, revoke } = await commands()
  assert.equal(await revoke('a1', 'elsewhere'), 'revoked a1 of "ann" (admin)\nrevoked elsewhere, which was not made here\n')
  assert.equal((await list()).match(/revoked$/gm)?.length, 2)
})

test('token revoke --subject takes every valid token of the subject, wherever it was made, and nobody else\'s', async () => {
  const { clock, tokens, list, revoke } = await commands()
  clock.move(2 * 3_600_000)
  const issuedAt = clock.now()
  const others = 'tokens for "ann" that were made elsewhere are refused, too, if they were issued until now\n'
  assert.equal(await revoke('--subject', 'ann'), `revoked a1 of "ann" (admin)\n${others}`)
  assert.equal(await tokens.isRevoked({ id: 'elsewhere', subject: 'ann', issuedAt }), true)
  assert.match(await list(), /^b1 .* valid$/m)
  assert.equal(await revoke('--subject', 'ann'), `no valid token was made here for "ann"; ${others}`)
})

test('token revoke wants either ids or a subject', async () => {
  const { revoke } = await commands()
  await rejectsWith('VALIDATION_FAILED', revoke())
  await rejectsWith('VALIDATION_FAILED', revoke('a1', '--subject', 'ann'))
})

test('each revocation is in the audit log, and a look at the tokens is not', async () => {
  const { deeds, list, revoke } = await commands()
  await list()
  await revoke('a1', 'elsewhere')
  await revoke('--subject', 'bob')
  assert.deepEqual(deeds, ['root: token revoke token a1, token elsewhere done', 'root: token revoke tokens of "bob" done'])
})
