import assert from 'node:assert/strict'
import type { Command } from 'commander'
import { tokenListCommand, type TokenListDeps } from '../../../src/cli/commands/token-list.ts'
import { tokenRevokeCommand, type TokenRevokeDeps } from '../../../src/cli/commands/token-revoke.ts'
import { screenOn } from '../../../src/cli/screen.ts'
import { tokensFrom, type OpenedTokens } from '../../../src/cli/with-tokens.ts'
import type { TokenLog } from '../../../src/core/catalog/token.ts'
import { FakeClock } from '../fake-clock.ts'
import { memoryTokens } from '../http/memory-tokens.ts'

export interface TokenCommands {
  readonly clock: FakeClock
  readonly tokens: TokenLog
  /** What was recorded in the audit log, as `actor: action target outcome`. */
  readonly deeds: readonly string[]
  /** What `token list …` prints. */
  readonly list: (...words: string[]) => Promise<string>
  /** What `token revoke …` prints. */
  readonly revoke: (...words: string[]) => Promise<string>
}

/** Tokens of two people: ann's are one for ever and one for an hour, bob's for a day. */
export async function tokenCommands (): Promise<TokenCommands> {
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
  const running =
    (make: (deps: TokenRevokeDeps & TokenListDeps) => Command) => async (...words: string[]): Promise<string> => {
      let out = ''
      const write = (text: string): void => {
        out += text
      }
      const stream = { write }
      await make({
        screen: () => screenOn(stream, {}, clock),
        withTokens: tokensFrom(async () => ({ tokens, audit, close: async () => {} }), recorder),
        clock,
        output: { out: stream, err: stream }
      }).parseAsync(words, { from: 'user' })
      return out
    }
  return { clock, tokens, deeds, list: running(tokenListCommand), revoke: running(tokenRevokeCommand) }
}
