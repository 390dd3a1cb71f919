import { Command, Option } from 'commander'
import { randomUUID } from 'node:crypto'
import { BackupError } from '../../core/errors.ts'
import type { Secret } from '../../core/secret.ts'
import { jsonOption } from '../arguments.ts'
import { parseExpiry } from '../arguments.ts'
import { exitCodesHelp } from '../output.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'
import type { WithTokens } from '../with-tokens.ts'

interface ProofOfTokens {
  readonly algorithm: string
  readonly key: Secret
}

export interface TokenCreateDeps<Role extends string> extends Pick<Shell, 'output' | 'screen' | 'clock'> {
  /** The user of the machine. */
  readonly actor: string
  readonly roles: readonly Role[]
  /** What proves a token, made now if the service never started before. */
  readonly tokenKey: () => Promise<ProofOfTokens> | ProofOfTokens
  /** The service refuses tokens without an end. */
  readonly requireTokenExpiry: () => boolean | Promise<boolean>
  readonly sign: (claims: {
    readonly secret: Secret
    readonly id: string
    readonly subject: string
    readonly role: Role
    readonly expiresInSeconds: number | null
    readonly now: Date
  }) => string | Promise<string>
  readonly withTokens: WithTokens
}

interface Flags<Role> extends JsonFlag {
  readonly role: Role
  readonly expires: string
  readonly subject?: string
  readonly name?: string
}

export function tokenCreateCommand<Role extends string> (deps: TokenCreateDeps<Role>): Command {
  return new Command('create')
    .description('Create a token for the API and print it. The service does not have to run.')
    .addOption(new Option('--role <role>', 'role of the token (required)').choices(deps.roles).makeOptionMandatory())
    .option('--expires <time>', 'time until it expires: 30d, 12h, 15m; or never', '90d')
    .option('--subject <name>', 'owner of the token, shown in the audit log (default: your user name)')
    .addOption(new Option('--name <name>', 'same as --subject').conflicts('subject'))
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 6, 7]))
    .action((flags: Flags<Role>) => createToken(flags, deps))
}

async function createToken<Role extends string> (
  flags: Flags<Role>,
  deps: TokenCreateDeps<Role>
): Promise<void> {
  const { tokenKey, requireTokenExpiry, sign, withTokens, clock, actor, output } = deps
  const { role, expires, subject = flags.name ?? actor } = flags
  const expiresInSeconds = parseExpiry(expires)
  if (subject.trim() === '') {
    throw new BackupError('VALIDATION_FAILED', 'the subject is empty', {
      hint: 'Give a name with --subject or --name, or omit it.'
    })
  }
  if (expiresInSeconds === null && await requireTokenExpiry()) {
    throw new BackupError('VALIDATION_FAILED', 'the service rejects tokens that do not expire', {
      hint: 'Give a time with --expires, such as 90d, or set REQUIRE_TOKEN_EXPIRY=false.'
    })
  }
  const { algorithm, key } = await tokenKey()
  if (algorithm !== 'HS256') {
    throw new BackupError(
      'CONFIG_INVALID',
      `the service checks tokens with a public key (${algorithm}) and cannot create them`,
      {
        hint: 'Get a token from the holder of the private key, or set JWT_SECRET instead of JWT_PUBLIC_KEY.'
      }
    )
  }
  const [id, now] = [randomUUID(), clock.now()]
  const expiresAt = expiresInSeconds === null ? null : new Date(now.getTime() + expiresInSeconds * 1000)
  // Remembered first: no token gets out that nobody could find and revoke.
  const record = await withTokens(
    { action: 'token create', target: `token ${id}` },
    tokens => tokens.add({ id, subject, role, createdAt: now, expiresAt })
  )
  const token = await sign({ secret: key, id, subject, role, expiresInSeconds, now })
  const [{ presentToken }, { viewCreatedToken }] = await Promise.all([
    import('../../present/token.ts'),
    import('../views/token.ts')
  ])
  show(deps, flags, viewCreatedToken(token, presentToken(record, now)))
  if (flags.json !== true && output.err.isTTY === true) {
    output.err.write(
      `role ${role}, subject "${subject}", ${
        expiresAt === null ? 'never expires' : `expires ${expiresAt.toISOString()}`
      }, id ${id}\n`
    )
  }
}
