import { Command } from 'commander'
import { jsonOption } from '../arguments.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'
import type { WithTokens } from '../with-tokens.ts'

export interface TokenListDeps extends Pick<Shell, 'output' | 'screen' | 'clock'> {
  readonly withTokens: WithTokens
}

export function tokenListCommand (deps: TokenListDeps): Command {
  return new Command('list')
    .description(
      'List the tokens created here and the revoked tokens, newest first. The tokens themselves are not stored.'
    )
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 6, 7]))
    .action(async (flags: JsonFlag) => {
      const now = deps.clock.now()
      const { presentToken } = await import('../../present/token.ts')
      const { viewTokens } = await import('../views/token.ts')
      show(
        deps,
        flags,
        viewTokens((await deps.withTokens(null, log => log.list())).map(token => presentToken(token, now)))
      )
    })
}
