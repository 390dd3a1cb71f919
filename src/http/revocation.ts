import type { TokenIdentity, TokenLog } from '../core/catalog/token.ts'
import { toBackupError } from '../core/errors.ts'

/** More tokens than this in turn are asked for anew. */
const ENTRIES = 1000

/**
 * Whether a token was revoked. Remembered for as long as nothing changes in the catalog (`version`), which a revocation
 * does, also that of another process: so asking costs a request next to nothing, and no revocation is missed.
 * Rejects where the catalog cannot be read, and never throws.
 */
export function revocations (
  tokens: Pick<TokenLog, 'isRevoked'>,
  version: () => string
): (token: TokenIdentity) => boolean | Promise<boolean> {
  const answers = new Map<string, boolean>()
  let asOf = ''
  return token => {
    const { id, subject, issuedAt } = token
    let now: string
    try {
      // Read before the catalog is asked: a change meanwhile then makes the answer stale at once.
      now = version()
    } catch (error) {
      return Promise.reject(toBackupError(error))
    }
    if (now !== asOf || answers.size >= ENTRIES) answers.clear()
    asOf = now
    const key = JSON.stringify([id, subject, issuedAt?.getTime()])
    const known = answers.get(key)
    if (known !== undefined) return known
    return tokens.isRevoked(token).then(isRevoked => {
      if (asOf === now) answers.set(key, isRevoked)
      return isRevoked
    })
  }
}
