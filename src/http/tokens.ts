import { createSigner } from 'fast-jwt'
import type { Secret } from '../core/secret.ts'
import type { Role } from './roles.ts'

export interface TokenClaims {
  readonly secret: Secret
  /** The claim `jti`, by which it can be revoked. */
  readonly id: string
  readonly subject: string
  readonly role: Role
  /** null: never. */
  readonly expiresInSeconds: number | null
  readonly now: Date
}

/** A token for the API, signed with HS256. */
export function signToken ({ secret, id, subject, role, expiresInSeconds, now }: TokenClaims): string {
  const sign = createSigner({ algorithm: 'HS256', key: secret.reveal() })
  const iat = Math.floor(now.getTime() / 1000)
  return sign({ sub: subject, role, iat, jti: id, ...expiresInSeconds === null ? {} : { exp: iat + expiresInSeconds } })
}
