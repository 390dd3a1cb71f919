import type { TokenLog, TokenRecord } from '../../../src/core/catalog/token.ts'

/** The tokens of a catalog, in memory: for commands that are tried without one. */
export function memoryTokens (): TokenLog {
  const known = new Map<string, TokenRecord>()
  const bounds = new Map<string, Date>()
  return {
    async add (token) {
      const record = { ...token, revokedAt: null }
      known.set(token.id, record)
      return record
    },
    list: async () => [...known.values()].toReversed(),
    async revoke (id, at) {
      const found = known.get(id) ??
        { id, subject: null, role: null, createdAt: null, expiresAt: null, revokedAt: null }
      const record = { ...found, revokedAt: found.revokedAt ?? at }
      known.set(id, record)
      return record
    },
    async revokeSubject (subject, at) {
      bounds.set(subject, at)
      const isValid = (token: TokenRecord): boolean =>
        token.subject === subject && token.revokedAt === null && (token.expiresAt === null || token.expiresAt > at)
      const revoked = [...known.values()].filter(isValid).map(token => ({ ...token, revokedAt: at }))
      for (const token of revoked) known.set(token.id, token)
      return revoked.toReversed()
    },
    async isRevoked ({ id, subject, issuedAt }) {
      const bound = subject === null ? undefined : bounds.get(subject)
      return (id !== null && known.get(id)?.revokedAt != null) ||
        (bound !== undefined && (issuedAt === null || issuedAt <= bound))
    },
    purge: async () => 0
  }
}
