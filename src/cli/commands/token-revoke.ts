import { Command } from 'commander'
import type { TokenLog, TokenRecord } from '../../core/catalog/token.ts'
import type { Clock } from '../../core/clock.ts'
import { BackupError } from '../../core/errors.ts'
import { exitCodesHelp, type Output } from '../output.ts'
import type { WithTokens } from '../with-tokens.ts'

export interface TokenRevokeDeps {
  readonly withTokens: WithTokens
  readonly clock: Clock
  readonly output: Output
}

export function tokenRevokeCommand (deps: TokenRevokeDeps): Command {
  return new Command('revoke')
    .description('Revoke tokens. A running service rejects them within a second.')
    .argument(
      '[ids...]',
      'ids of the tokens, as shown by "token list", or the claim "jti" of a token from another issuer'
    )
    .option('--subject <name>', 'every token of this subject that was issued until now, by any issuer')
    .addHelpText('after', exitCodesHelp([0, 1, 2, 6, 7]))
    .action(async (ids: readonly string[], { subject }: { readonly subject?: string }) => {
      if ((subject === undefined) === (ids.length === 0)) {
        throw new BackupError('VALIDATION_FAILED', 'either ids or "--subject" must be given', {
          hint: 'Give the ids of the tokens, or a name with --subject.'
        })
      }
      const target = subject === undefined ? ids.map(id => `token ${id}`).join(', ') : `tokens of "${subject}"`
      await deps.withTokens(
        { action: 'token revoke', target },
        tokens => subject === undefined ? revoke(deps, tokens, ids) : revokeSubject(deps, tokens, subject)
      )
    })
}

/** Each for itself, so that those before one that fails stay revoked. */
async function revoke ({ clock, output }: TokenRevokeDeps, tokens: TokenLog, ids: readonly string[]): Promise<void> {
  for (const id of ids) output.out.write(`revoked ${describe(await tokens.revoke(id, clock.now()))}\n`)
}

async function revokeSubject ({ clock, output }: TokenRevokeDeps, tokens: TokenLog, subject: string): Promise<void> {
  const revoked = await tokens.revokeSubject(subject, clock.now())
  for (const token of revoked) output.out.write(`revoked ${describe(token)}\n`)
  // Whoever misspelt the subject can tell by what was made here for it.
  const others = revoked.length === 0 ? `no valid token for "${subject}" was created here; ` : ''
  output.out.write(
    `${others}tokens for "${subject}" from other issuers are rejected too if they were issued until now\n`
  )
}

/** An id that nobody knows may be that of a token made elsewhere, or misspelt: whoever gave it can tell. */
function describe ({ id, subject, role }: TokenRecord): string {
  return subject === null ? `${id}, which was not created here` : `${id} of "${subject}" (${role ?? 'no role'})`
}
