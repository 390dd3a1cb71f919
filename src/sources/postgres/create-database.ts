import { BackupError, toBackupError } from '../../core/errors.ts'
import { quoteIdent, quoteLiteral } from './database-name.ts'
import type { PostgresDetails } from './facts.ts'
import { sqlState } from './maintenance.ts'
import type { Session } from './session.ts'

/** `invalid_parameter_value`, `wrong_object_type`, `undefined_object`: an encoding or locale that is not there. */
const NO_LOCALE = ['22023', '42809', '42704', '0A000']
/** The first versions with locale providers, and with the provider `builtin`. */
const [PROVIDERS, BUILTIN] = [15, 17]

export interface NewDatabase {
  readonly name: string
  /** undefined: the role of the session. */
  readonly owner: string | undefined
  /** undefined: the default one. */
  readonly tablespace: string | undefined
}

/**
 * The statement that makes an empty database with the encoding and the locale of the one in the backup (PostgreSQL
 * documentation, "CREATE DATABASE"). Throws `RESTORE_REQUIREMENT_MISSING` for a locale provider that the server does
 * not have.
 */
export function createStatement (
  { name, owner, tablespace }: NewDatabase,
  { encoding, localeProvider, collate, ctype, locale }: PostgresDetails,
  serverMajor: number
): string {
  const minimum = localeProvider === 'b' ? BUILTIN : localeProvider === 'i' ? PROVIDERS : 0
  if (serverMajor < minimum) {
    throw new BackupError(
      'RESTORE_REQUIREMENT_MISSING',
      `the database needs the locale provider "${
        localeProvider === 'b' ? 'builtin' : 'icu'
      }", which PostgreSQL ${serverMajor} does not have`,
      { hint: `Restore to a server with PostgreSQL ${minimum} or later.` }
    )
  }
  const options: ReadonlyArray<readonly [string, string | null | undefined]> = [
    ['ENCODING', quoteLiteral(encoding)],
    ...localeProvider === 'i'
      ? [['LOCALE_PROVIDER', 'icu'], ['ICU_LOCALE', literal(locale)]] as const
      : localeProvider === 'b'
      ? [['LOCALE_PROVIDER', 'builtin'], ['BUILTIN_LOCALE', literal(locale)]] as const
      : serverMajor >= PROVIDERS
      ? [['LOCALE_PROVIDER', 'libc']] as const
      : [],
    ['LC_COLLATE', literal(collate)],
    ['LC_CTYPE', literal(ctype)],
    ['OWNER', owner === undefined ? undefined : quoteIdent(owner)],
    ['TABLESPACE', tablespace === undefined ? undefined : quoteIdent(tablespace)]
  ]
  return [
    `CREATE DATABASE ${quoteIdent(name)} TEMPLATE template0`,
    ...options.flatMap(([option, value]) => value === null || value === undefined ? [] : [`${option} ${value}`])
  ].join(' ')
}

/** Rejects with `RESTORE_REQUIREMENT_MISSING` where the server does not have the encoding or the locale. */
export async function createDatabase (
  session: Session,
  database: NewDatabase,
  details: PostgresDetails,
  serverMajor: number
): Promise<void> {
  const statement = createStatement(database, details, serverMajor)
  try {
    await session.query(statement)
  } catch (thrown) {
    if (!NO_LOCALE.includes(sqlState(thrown) ?? '')) throw thrown
    throw new BackupError(
      'RESTORE_REQUIREMENT_MISSING',
      `the server cannot create a database with the encoding and locale of the backup: ${
        toBackupError(thrown).message
      }`,
      { hint: 'Install the locale on the machine of the server, and restart the server.', cause: thrown }
    )
  }
}

function literal (text: string | null): string | null {
  return text === null ? null : quoteLiteral(text)
}
