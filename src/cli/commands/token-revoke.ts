import { Command } from 'commander'
import type { TokenLog, TokenRecord } from '../../core/catalog/token.ts'
import { BackupError } from '../../core/errors.ts'
import { jsonOption } from '../arguments.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'
import type { WithTokens } from '../with-tokens.ts'

export interface TokenRevokeDeps extends Pick<Shell, 'output' | 'screen' | 'clock'> {
  readonly withTokens: WithTokens
}

interface Flags extends JsonFlag {
  readonly subject?: string
}

export function tokenRevokeCommand (deps: TokenRevokeDeps): Command {
  return new Command('revoke')
    .description('Revoke tokens. A running service rejects them within a second.')
    .argument(
      '[ids...]',
      'ids of the tokens, as shown by "token list", or the claim "jti" of a token from another issuer'
    )
    .option('--subject <name>', 'every token of this subject that was issued until now, by any issuer')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 6, 7]))
    .action(async (ids: readonly string[], flags: Flags) => {
      const { subject } = flags
      if ((subject === undefined) === (ids.length === 0)) {
        throw new BackupError('VALIDATION_FAILED', 'either ids or "--subject" must be given', {
          hint: 'Give the ids of the tokens, or a name with --subject.'
        })
      }
      const target = subject === undefined ? ids.map(id => `token ${id}`).join(', ') : `tokens of "${subject}"`
      const revoked = await deps.withTokens(
        { action: 'token revoke', target },
        tokens => subject === undefined ? revoke(deps, tokens, ids) : tokens.revokeSubject(subject, deps.clock.now())
      )
      const [{ presentToken }, { viewRevoked }] = await Promise.all([
        import('../../present/token.ts'),
        import('../views/token.ts')
      ])
      show(deps, flags, viewRevoked(revoked.map(token => presentToken(token, deps.clock.now())), subject))
    })
}

async function revoke ({ clock }: TokenRevokeDeps, tokens: TokenLog, ids: readonly string[]): Promise<TokenRecord[]> {
  const revoked: TokenRecord[] = []
  for (const id of ids) revoked.push(await tokens.revoke(id, clock.now()))
  return revoked
}
