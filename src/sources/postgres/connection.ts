import { isAbsolute } from 'node:path'
import { Secret } from '../../core/secret.ts'

/** The modes of `sslmode` that libpq has, from the weakest on, but for `allow`. */
export const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type SslMode = typeof SSL_MODES[number]
const DEFAULT_SSL_MODE: SslMode = 'prefer'

/** A PostgreSQL server as one role sees it. */
export interface Server {
  /** A name, an address, or the directory of a Unix-domain socket, which begins with a slash. */
  readonly host: string
  readonly port: number
  readonly user: string
  /** null: none is needed, or `passwordFile` has it. */
  readonly password: Secret | null
  /** The path of a file whose only line is the password, read at each connection; null: there is none. */
  readonly passwordFile: string | null
  readonly sslMode: SslMode
  /** The path of a file with the certificates of the authorities that are trusted; null: those of the system. */
  readonly sslRootCert: string | null
}

/** One database of a server. */
export interface Database {
  readonly server: Server
  readonly name: string
}

/** The schemes of URLs of databases; `postgresql+psycopg2` is that of SQLAlchemy. */
const SCHEME = /^postgres(?:ql)?(?:\+[a-z0-9_]+)?$/
export const DEFAULT_PORT = 5432
/** Parameters of a URL that are understood. Others are refused, so that none is lost. */
const PARAMETERS = [
  'host',
  'port',
  'user',
  'password',
  'dbname',
  'sslmode',
  'sslrootcert',
  'application_name',
  'connect_timeout'
] as const
type Parameter = typeof PARAMETERS[number]

/** Why a text is no URL of a database: completes the name of its field. */
export class UrlProblem extends Error {}

/**
 * Reads a connection URI of libpq (PostgreSQL documentation, "Connection URIs"): `postgresql://user@host:port/database`,
 * `postgresql:///database?host=/run/postgresql`. Several hosts are not supported. Throws `UrlProblem`, whose text holds
 * no part of a password.
 */
export function parseUrl (text: string): Database {
  const matched = /^([a-z0-9+_]+):\/\/(?:([^/?#@]*)@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i.exec(text)
  if (matched === null || !SCHEME.test(matched[1]?.toLowerCase() ?? '')) {
    throw new UrlProblem('is not a URL such as postgresql://user@host:5432/database')
  }
  const [, , credentials = '', authority = '', path = '', query = ''] = matched
  const [user = '', password] = splitOnce(credentials, ':').map(decoded)
  const given = parametersOf(query)
  if (authority.includes(',')) throw new UrlProblem('names several hosts; name one')
  const [, bracketed, plain = '', portText = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(authority) ??
    ['', undefined, '\0', '']
  const host = given.get('host') ?? (bracketed ?? decoded(plain))
  if (host.includes('\0')) throw new UrlProblem('has a host and port that cannot be read')
  const name = given.get('dbname') ?? decoded(path)
  const role = given.get('user') ?? user
  if (role === '') throw new UrlProblem('names no user, as in postgresql://user@host:5432/database')
  if (name === '') throw new UrlProblem('names no database, as in postgresql://user@host:5432/database')
  const secret = given.get('password') ?? password
  return {
    name,
    server: {
      host: host === '' ? 'localhost' : host,
      port: portOf(given.get('port') ?? portText),
      user: role,
      password: secret === undefined || secret === '' ? null : new Secret(secret),
      passwordFile: null,
      sslMode: sslModeOf(given.get('sslmode')),
      sslRootCert: given.get('sslrootcert') ?? null
    }
  }
}

/** Whether a text has the scheme of a URL of PostgreSQL, whatever follows. */
export function isPostgresUrl (text: string): boolean {
  const [scheme = ''] = text.trim().split(':', 1)
  return text.includes('://') && SCHEME.test(scheme.toLowerCase())
}

/** The URL with the parameters that `parseUrl` reads, without the password. */
export function urlOf (database: Database): string {
  const { sslMode, sslRootCert } = database.server
  const location = locationOf(database)
  const parameters = [
    ...sslMode === DEFAULT_SSL_MODE ? [] : [`sslmode=${sslMode}`],
    ...sslRootCert === null ? [] : [`sslrootcert=${encodeURIComponent(sslRootCert)}`]
  ]
  return parameters.length === 0
    ? location
    : `${location}${location.includes('?') ? '&' : '?'}${parameters.join('&')}`
}

/** `postgresql://user@host:5432/database`: where a database is, for people and as the target of a restore. No secret. */
export function locationOf ({ server: { host, port, user }, name }: Database): string {
  const path = encodeURIComponent(name)
  const who = encodeURIComponent(user)
  if (isAbsolute(host)) {
    const query = [
      `host=${host.split('/').map(encodeURIComponent).join('/')}`,
      ...port === DEFAULT_PORT
        ? []
        : [`port=${port}`]
    ]
    return `postgresql://${who}@/${path}?${query.join('&')}`
  }
  return `postgresql://${who}@${host.includes(':') ? `[${host}]` : host}:${port}/${path}`
}

/** Whether two connections reach the same server, as far as their addresses show. */
export function isSameServer (one: Server, other: Server): boolean {
  return one.host === other.host && one.port === other.port
}

function parametersOf (query: string): ReadonlyMap<Parameter, string> {
  const given = new Map<Parameter, string>()
  for (const pair of query.split('&').filter(text => text !== '')) {
    const [key = '', value = ''] = splitOnce(pair, '=').map(decoded)
    const known = PARAMETERS.find(name => name === key)
    if (known === undefined) {
      throw new UrlProblem(`has the parameter "${key}", which is not supported (${PARAMETERS.join(', ')} are)`)
    }
    given.set(known, value)
  }
  return given
}

function portOf (text: string): number {
  if (text === '') return DEFAULT_PORT
  const port = Number(text)
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port
  throw new UrlProblem('has a port that is not a number from 1 to 65535')
}

function sslModeOf (text: string | undefined): SslMode {
  if (text === undefined) return DEFAULT_SSL_MODE
  const mode = SSL_MODES.find(one => one === text)
  if (mode !== undefined) return mode
  throw new UrlProblem(`has the sslmode "${text}"; use one of ${SSL_MODES.join(', ')}`)
}

function decoded (text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new UrlProblem('has a percent sign that is not followed by two hex digits')
  }
}

function splitOnce (text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)]
}
