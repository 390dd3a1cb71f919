import { Command } from 'commander'
import { z } from 'zod'
import type { Clock } from '../../core/clock.ts'
import { presentToken, tokenSchema, type TokenView } from '../../present/token.ts'
import { exitCodesHelp, type Output } from '../output.ts'
import type { WithTokens } from '../with-tokens.ts'

/** What `token list --json` prints. */
export const tokenListSchema = z.object({ tokens: z.array(tokenSchema) })

export interface TokenListDeps {
  readonly withTokens: WithTokens
  readonly clock: Clock
  readonly output: Output
}

export function tokenListCommand ({ withTokens, clock, output }: TokenListDeps): Command {
  return new Command('list')
    .description('Show the tokens that were made here and those that were revoked, newest first. No token itself is kept.')
    .option('--json', 'as JSON')
    .addHelpText('after', exitCodesHelp([0, 1, 2, 6, 7]))
    .action(async (flags: { readonly json?: true }) => {
      const now = clock.now()
      const tokens = (await withTokens(null, log => log.list())).map(token => presentToken(token, now))
      output.out.write(flags.json === true ? `${JSON.stringify({ tokens }, undefined, 2)}\n` : asText(tokens))
    })
}

function asText (tokens: readonly TokenView[]): string {
  if (tokens.length === 0) return 'no token was made here\n'
  const rows = [['ID', 'ROLE', 'SUBJECT', 'CREATED', 'EXPIRES', 'STATE'], ...tokens.map(toRow)]
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows.map(row => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()}\n`).join('')
}

function toRow ({ id, role, subject, createdAt, expiresAt, state }: TokenView): string[] {
  return [id, role ?? '?', subject ?? '(made elsewhere)', day(createdAt) ?? '?', day(expiresAt) ?? (subject === null ? '?' : 'never'), state]
}

function day (instant: string | null): string | undefined {
  return instant?.slice(0, 10)
}
