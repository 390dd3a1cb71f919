import { z } from 'zod'
import { tokenSchema, type TokenView } from '../../present/token.ts'
import type { Screen } from '../screen.ts'
import type { View } from '../shell.ts'
import { table, type Column } from '../table.ts'

export const tokenListSchema = z.object({ tokens: z.array(tokenSchema) })

export function viewTokens (tokens: readonly TokenView[]): View {
  return {
    json: { tokens },
    text: screen => tokens.length === 0 ? 'no token was created here\n' : table(columns(screen), tokens, screen)
  }
}

function columns ({ colours }: Screen): ReadonlyArray<Column<TokenView>> {
  const paint = { valid: colours.green, expired: colours.yellow, revoked: colours.red }
  return [
    { title: 'ID', cell: ({ id }) => id },
    { title: 'ROLE', cell: ({ role }) => role ?? '?' },
    { title: 'SUBJECT', cell: ({ subject }) => subject ?? '(another issuer)', atLeast: 8 },
    { title: 'CREATED', cell: ({ createdAt }) => day(createdAt) ?? '?', expendable: 1 },
    { title: 'EXPIRES', cell: ({ expiresAt, subject }) => day(expiresAt) ?? (subject === null ? '?' : 'never') },
    { title: 'STATE', cell: ({ state }) => state, paint: (text, { state }) => paint[state](text) }
  ]
}

function day (instant: string | null): string | undefined {
  return instant?.slice(0, 10)
}
