import { BackupError, systemCode } from '../../core/errors.ts'
import { locationOf, type Database } from './connection.ts'
import { quoteIdent } from './database-name.ts'

/** Codes of the system and of PostgreSQL for a server that cannot be reached now. */
const UNREACHABLE = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  // too_many_connections, cannot_connect_now, and the classes of lost connections
  '53300',
  '57P03',
  '08000',
  '08001',
  '08003',
  '08004',
  '08006'
]

/**
 * The error for one that `pg` or a client program reported. By its SQLSTATE (PostgreSQL documentation, "PostgreSQL
 * Error Codes") or the code of the system, never by its text. A `BackupError` is returned as it is.
 */
export function sourceError (thrown: unknown, database: Database): BackupError {
  if (thrown instanceof BackupError) return thrown
  const code = codeOf(thrown)
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  const { server: { host, port, user }, name } = database
  const fail = (error: Parameters<typeof describe>[0], message: string, hint: string): BackupError =>
    describe(error, message, hint, thrown)
  if (UNREACHABLE.includes(code) || (code === '' && /timeout|terminated/i.test(text))) {
    return fail(
      'SOURCE_UNREACHABLE',
      `the PostgreSQL server at ${host}, port ${port}, does not answer: ${text}`,
      'Start the server, and check host, port and firewall.'
    )
  }
  // An exchange that `pg` ended itself, such as one that needs a password where none is given.
  switch (code === '' && text.startsWith('SASL:') ? '28P01' : code) {
    case '28P01':
    case '28000':
      return fail(
        'SOURCE_UNAUTHENTICATED',
        `the PostgreSQL server refused the role "${user}": ${text}`,
        'Correct the user, the password or "passwordFile", and check the line for this machine in pg_hba.conf.'
      )
    case '3D000':
      return fail(
        'SOURCE_MISSING',
        `there is no database "${name}" on the server at ${host}, port ${port}`,
        'Correct the name of the database in "url", or create it.'
      )
    case '42501':
      return fail(
        'SOURCE_FORBIDDEN',
        `the role "${user}" lacks a right: ${text}`,
        `Run "GRANT pg_read_all_data TO ${quoteRole(user)}", or give it the right that the message names.`
      )
    case '40001':
      return fail(
        'SOURCE_FAILED',
        `the PostgreSQL server ended the transaction: ${text}`,
        'On a standby, set hot_standby_feedback = on, or raise max_standby_streaming_delay; or back up the primary.'
      )
    case '53200':
      return fail(
        'SOURCE_SETTING',
        `the PostgreSQL server has no room for the locks of a backup: ${text}`,
        'Raise max_locks_per_transaction in postgresql.conf, and restart the server.'
      )
    case '55P03':
      return fail(
        'SOURCE_LOCKED',
        `a lock in ${locationOf(database)} could not be obtained: ${text}`,
        'Wait for the statement that holds the lock, then try again.'
      )
    default:
      return fail(
        'SOURCE_FAILED',
        `the PostgreSQL server reported: ${text}`,
        'Look at the log of the server, then try again.'
      )
  }
}

function describe (
  code: ConstructorParameters<typeof BackupError>[0],
  message: string,
  hint: string,
  cause: unknown
): BackupError {
  return new BackupError(code, message, { hint, cause })
}

/** The SQLSTATE, or the code of the system; empty: there is none. A refused connection may be one of several errors. */
function codeOf (thrown: unknown): string {
  if (thrown instanceof AggregateError) return thrown.errors.map(codeOf).find(code => code !== '') ?? ''
  return systemCode(thrown) ?? ''
}

function quoteRole (name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteIdent(name)
}
