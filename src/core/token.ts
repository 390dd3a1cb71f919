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

export interface TokenLog {
  add (token: { readonly id: string, readonly subject: string, readonly role: string, readonly createdAt: Date, readonly expiresAt: Date | null }): Promise<TokenRecord>
  /** Newest first. */
  list (): Promise<readonly TokenRecord[]>
  /** From now on the token is refused; one that is not known here is remembered. Repeating changes nothing. */
  revoke (id: string, at: Date): Promise<TokenRecord>
  isRevoked (id: string): Promise<boolean>
  /** Forgets tokens that expired before `before`: nobody can use them any more. Returns how many. */
  purge (before: Date): Promise<number>
}
