import { z } from 'zod'
import type { TokenRecord } from '../core/catalog/token.ts'
import { instant, iso } from './common.ts'

export const TOKEN_STATES = ['valid', 'expired', 'revoked'] as const
export type TokenState = typeof TOKEN_STATES[number]

/** What is known of a token; never the token itself. */
export const tokenSchema = z.object({
  id: z.string().meta({ description: 'The claim `jti`.' }),
  subject: z.string().nullable().meta({
    description: 'null: created by another issuer; only its revocation is known.'
  }),
  role: z.string().nullable(),
  state: z.enum(TOKEN_STATES),
  createdAt: instant.nullable(),
  expiresAt: instant.nullable().meta({ description: 'null: never, or unknown.' }),
  revokedAt: instant.nullable()
}).meta({ id: 'Token' })

export type TokenView = z.infer<typeof tokenSchema>

export function tokenState ({ revokedAt, expiresAt }: TokenRecord, now: Date): TokenState {
  if (revokedAt !== null) return 'revoked'
  return expiresAt !== null && expiresAt <= now ? 'expired' : 'valid'
}

export function presentToken (token: TokenRecord, now: Date): TokenView {
  return {
    id: token.id,
    subject: token.subject,
    role: token.role,
    state: tokenState(token, now),
    createdAt: iso(token.createdAt),
    expiresAt: iso(token.expiresAt),
    revokedAt: iso(token.revokedAt)
  }
}
