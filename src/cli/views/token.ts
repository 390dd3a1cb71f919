import { z } from 'zod'
import { tokenSchema, type TokenView } from '../../present/token.ts'
import type { Screen } from '../screen.ts'
import type { View } from '../shell.ts'
import { table, type Column } from '../table.ts'

export const tokenListSchema = z.object({ tokens: z.array(tokenSchema) })

export const tokenCreateSchema = z.object({
  token: z.string().meta({ description: 'The token itself. It is not stored anywhere.' }),
  ...tokenSchema.shape
})

export const tokenRevokeSchema = z.object({
  revoked: z.array(tokenSchema).meta({
    description: 'The tokens that were given; of a subject those that were made here and were valid until now.'
  }),
  subject: z.string().nullable().meta({
    description:
      'Its tokens that were made elsewhere are refused, too, if they were issued until now. null: ids were given.'
  })
})

/** For people the token alone, for the clipboard or a variable of a shell. */
export function viewCreatedToken (token: string, record: TokenView): View {
  const json: z.infer<typeof tokenCreateSchema> = { token, ...record }
  return { json, text: () => `${token}\n` }
}

/** `subject` undefined: ids were given. */
export function viewRevoked (revoked: readonly TokenView[], subject: string | undefined): View {
  const json: z.infer<typeof tokenRevokeSchema> = { revoked: [...revoked], subject: subject ?? null }
  return {
    json,
    text: () =>
      [
        ...revoked.map(token => `revoked ${describe(token)}`),
        ...subject === undefined ? [] : [ofSubject(revoked, subject)],
        ''
      ]
        .join('\n')
  }
}

/** An unknown id may be that of a token made elsewhere, or misspelt. */
function describe ({ id, subject, role }: TokenView): string {
  return subject === null ? `${id}, which was not created here` : `${id} of "${subject}" (${role ?? 'no role'})`
}

/** A misspelt subject shows by its lack of tokens. */
function ofSubject ({ length }: readonly TokenView[], subject: string): string {
  const others = length === 0 ? `no valid token for "${subject}" was created here; ` : ''
  return `${others}tokens for "${subject}" from other issuers are rejected too if they were issued until now`
}

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
