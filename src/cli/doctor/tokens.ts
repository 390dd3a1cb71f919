import { about } from './finding.ts'
import { NO_SNAPSHOT, type Examination } from './context.ts'

/** More than this are counted, and not named. */
const NAMED = 5

/** Whether there are tokens that nobody but a revocation ever ends. Of those made elsewhere nothing is known here. */
export const examineTokens: Examination = async ({ requireTokenExpiry }, snapshot) => {
  const { ok, warn, skipped } = about('tokens')
  if (requireTokenExpiry) return [ok('tokens that do not expire are rejected')]
  if (snapshot === undefined) return [skipped(NO_SNAPSHOT)]
  const endless = (await snapshot.deps.catalog.tokens.list()).filter(({ subject, expiresAt, revokedAt }) =>
    subject !== null && expiresAt === null && revokedAt === null
  )
  if (endless.length === 0) return [ok('every token created here expires')]
  const named = endless.slice(0, NAMED).map(({ id, subject }) => `${id} of "${subject ?? ''}"`).join(', ')
  const more = endless.length > NAMED ? ` and ${endless.length - NAMED} more` : ''
  return [
    warn(
      `${endless.length === 1 ? 'a token does' : `${endless.length} tokens do`} not expire: ${named}${more}`,
      'Create new tokens with "holdfast token create --expires 90d", and revoke these with "holdfast token revoke".'
    )
  ]
}
