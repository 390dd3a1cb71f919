/** A token of the API as the catalog knows it: never the token itself. */
export interface TokenRecord {
  /** The claim `jti`. */
  readonly id: string
  /** null: it was made elsewhere, and only its revocation is known here. */
  readonly subject: string | null
  readonly role: string | null
  readonly createdAt: Date | null
  /** null: never, or not known. */
  readonly expiresAt: Date | null
  readonly revokedAt: Date | null
}

export interface NewToken {
  readonly id: string
  readonly subject: string
  readonly role: string
  readonly createdAt: Date
  readonly expiresAt: Date | null
}

/** Milliseconds by which the clock of whoever makes tokens elsewhere may be ahead of ours. */
export const CLOCK_TOLERANCE = 60_000

/** What a proven token says of itself; null: nothing. */
export interface TokenIdentity {
  readonly id: string | null
  readonly subject: string | null
  readonly issuedAt: Date | null
}

export interface TokenLog {
  add(token: NewToken): Promise<TokenRecord>
  /** Newest first. */
  list(): Promise<readonly TokenRecord[]>
  /** From now on the token is refused; one that is not known here is remembered. Repeating changes nothing. */
  revoke(id: string, at: Date): Promise<TokenRecord>
  /**
   * From now on every token of the subject is refused that was issued at `at` or before, or does not say when. Those
   * made elsewhere are refused too, up to `CLOCK_TOLERANCE` after `at` by their own word. Returns those made here that
   * were valid until then, newest first. Repeating it later moves the bound.
   */
  revokeSubject(subject: string, at: Date): Promise<readonly TokenRecord[]>
  isRevoked(token: TokenIdentity): Promise<boolean>
  /** Forgets tokens that expired before `before`: nobody can use them any more. Returns how many. */
  purge(before: Date): Promise<number>
}
