import {
  CLOCK_TOLERANCE,
  type NewToken,
  type TokenIdentity,
  type TokenLog,
  type TokenRecord
} from '../core/catalog/token.ts'
import type { Connection } from './connection.ts'
import { toDate } from './json.ts'

interface TokenRow {
  readonly id: string
  readonly subject: string | null
  readonly role: string | null
  readonly created_at: string | null
  readonly expires_at: string | null
  readonly revoked_at: string | null
}

/** `tokens` and `revoked_subjects` in SQLite. A second token of the same id rejects with `CATALOG_FAILED`. */
export class SqliteTokenLog implements TokenLog {
  readonly #connection: Connection
  readonly #statements: ReturnType<typeof prepare>

  constructor (connection: Connection) {
    this.#connection = connection
    this.#statements = prepare(connection)
  }

  add ({ id, subject, role, createdAt, expiresAt }: NewToken): Promise<TokenRecord> {
    return this.#connection.write(() => {
      this.#statements.add.run({
        id,
        subject,
        role,
        createdAt: createdAt.toISOString(),
        expiresAt: expiresAt?.toISOString() ?? null
      })
      return { id, subject, role, createdAt, expiresAt, revokedAt: null }
    })
  }

  list (): Promise<readonly TokenRecord[]> {
    return this.#connection.read(() => this.#statements.list.all().map(toToken))
  }

  revoke (id: string, at: Date): Promise<TokenRecord> {
    return this.#connection.write(() => toToken(this.#statements.revoke.get({ id, at: at.toISOString() }) as TokenRow))
  }

  revokeSubject (subject: string, at: Date): Promise<readonly TokenRecord[]> {
    return this.#connection.write(() => {
      const given = { subject, at: at.toISOString() }
      this.#statements.revokeSubject.run(given)
      const valid = this.#statements.validOf.all(given)
      return valid.map(({ id }) => toToken(this.#statements.revoke.get({ id, at: given.at }) as TokenRow))
    })
  }

  isRevoked ({ id, subject, issuedAt }: TokenIdentity): Promise<boolean> {
    return this.#connection.read(() => {
      const known = id === null ? undefined : this.#statements.get.get(id)
      if (known !== undefined && known.revoked_at !== null) return true
      if (subject === null) return false
      // A token tells its second only. Of one that was made here we know better whether it was before or after the
      // bound; what others say may be ahead of our clock.
      const issued = known?.created_at ?? earliest(issuedAt)
      return this.#statements.isSubjectRevoked.get(subject, issued) !== undefined
    })
  }

  purge (before: Date): Promise<number> {
    return this.#connection.write(() => this.#statements.purge.run(before.toISOString()).changes)
  }
}

/** When a token was issued at the earliest, whatever the clock that it was made by; '': nobody knows. */
function earliest (issuedAt: Date | null): string {
  return issuedAt === null ? '' : new Date(issuedAt.getTime() - CLOCK_TOLERANCE).toISOString()
}

function toToken (row: TokenRow): TokenRecord {
  const { id, subject, role } = row
  return {
    id,
    subject,
    role,
    createdAt: toDate(row.created_at),
    expiresAt: toDate(row.expires_at),
    revokedAt: toDate(row.revoked_at)
  }
}

function prepare ({ database }: Connection) {
  return {
    add: database.prepare(
      'INSERT INTO tokens (id, subject, role, created_at, expires_at) VALUES (@id, @subject, @role, @createdAt, @expiresAt)'
    ),
    list: database.prepare<[], TokenRow>(
      'SELECT * FROM tokens ORDER BY coalesce(created_at, revoked_at) DESC, rowid DESC'
    ),
    revoke: database.prepare<[object], TokenRow>(`
      INSERT INTO tokens (id, revoked_at) VALUES (@id, @at)
      ON CONFLICT (id) DO UPDATE SET revoked_at = coalesce(revoked_at, excluded.revoked_at)
      RETURNING *`),
    revokeSubject: database.prepare(`
      INSERT INTO revoked_subjects (subject, revoked_at) VALUES (@subject, @at)
      ON CONFLICT (subject) DO UPDATE SET revoked_at = max(revoked_at, excluded.revoked_at)`),
    validOf: database.prepare<[object], { readonly id: string }>(`
      SELECT id FROM tokens
      WHERE subject = @subject AND revoked_at IS NULL AND created_at <= @at AND (expires_at IS NULL OR expires_at > @at)
      ORDER BY created_at DESC, rowid DESC`),
    get: database.prepare<[string], TokenRow>('SELECT * FROM tokens WHERE id = ?'),
    isSubjectRevoked: database.prepare<[string, string], unknown>(
      'SELECT 1 FROM revoked_subjects WHERE subject = ? AND revoked_at >= ?'
    ),
    purge: database.prepare('DELETE FROM tokens WHERE expires_at < ?')
  }
}
