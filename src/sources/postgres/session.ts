import { readFile } from 'node:fs/promises'
import type { ConnectionOptions } from 'node:tls'
import type pg from 'pg'
import { BackupError, systemCode } from '../../core/errors.ts'
import { passwordOf } from './client.ts'
import type { Database, Server } from './connection.ts'
import { sourceError } from './errors.ts'

/** Milliseconds until a server that does not answer counts as unreachable. */
const CONNECT_TIMEOUT = 15_000

/** Parameters that `pg` takes from PGOPTIONS and its like, unless they are set after it did. */
const NO_ENVIRONMENT = { options: undefined, replication: undefined, fallback_application_name: undefined }

/** One connection to a database. */
export interface Session {
  /** The process of the server, as the server named it when the connection was made. A pooler names another one. */
  readonly processId: number | null
  /**
   * The rows of a query, with the values as `pg` gives them: `int8` and `numeric` are text. Rejects as `sourceError`
   * has it.
   */
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>
  /** Ends the connection, at once where it is in use. Never rejects; safe to call twice. */
  close(): Promise<void>
}

/**
 * Connects, with the meaning that libpq gives to `sslmode` (PostgreSQL documentation, "SSL Mode Descriptions").
 * Statements have no limit of time; row security makes a query fail instead of hiding rows (`row_security = off`), and
 * names are looked up nowhere (`search_path`). An abort of `signal` ends the connection, and a query with its reason.
 * Rejects as `sourceError` has it.
 */
export async function openSession (database: Database, signal: AbortSignal): Promise<Session> {
  signal.throwIfAborted()
  const client = await connected(database)
  const close = async (): Promise<void> => {
    signal.removeEventListener('abort', abort)
    await client.end().catch(() => {})
  }
  const abort = (): void => {
    close().catch(() => {})
    // A query that waits for a lock does not see the end of the conversation.
    connectionOf(client)?.stream.destroy()
  }
  signal.addEventListener('abort', abort, { once: true })
  const session: Session = {
    processId: (client as unknown as { readonly processID: number | null }).processID,
    async query<Row extends object> (sql: string, values: readonly unknown[] = []) {
      try {
        const { rows } = await client.query<Row>(sql, [...values])
        return rows
      } catch (error) {
        throw signal.aborted ? signal.reason : sourceError(error, database)
      }
    },
    close
  }
  try {
    await session.query(
      'SET row_security = off; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; ' +
        "SET search_path = ''"
    )
    return session
  } catch (error) {
    await close()
    throw error
  }
}

function connectionOf (client: pg.Client): { readonly stream: { destroy(): void } } | undefined {
  return (client as unknown as { readonly connection?: { readonly stream: { destroy(): void } } }).connection
}

async function connected (database: Database): Promise<pg.Client> {
  const { server } = database
  // Loaded with the first connection: commands that make none need not wait for it.
  const { Client } = (await import('pg')).default
  const modes = await encryptionsOf(server)
  const password = await passwordOf(server) ?? ''
  for (const [index, ssl] of modes.entries()) {
    const client = new Client({
      host: server.host,
      port: server.port,
      user: server.user,
      // A function, for otherwise the environment of the service or a file of its user would be looked up.
      password: () => password,
      database: database.name,
      application_name: 'holdfast',
      connectionTimeoutMillis: CONNECT_TIMEOUT,
      ssl
    })
    Object.assign((client as unknown as { readonly connectionParameters: object }).connectionParameters, NO_ENVIRONMENT)
    // A connection that is lost between queries is seen by the next one.
    client.on('error', () => {})
    try {
      await client.connect()
      return client
    } catch (error) {
      await client.end().catch(() => {})
      if (index === modes.length - 1 || !isWithoutTls(error)) throw sourceError(error, database)
    }
  }
  throw new BackupError('INTERNAL', 'no way to connect was tried')
}

/** The ways to connect, in the order in which they are tried. A socket on this machine has no encryption. */
async function encryptionsOf ({ host, sslMode, sslRootCert }: Server): Promise<
  ReadonlyArray<false | ConnectionOptions>
> {
  if (host.startsWith('/') || sslMode === 'disable') return [false]
  const ca = sslRootCert === null ? undefined : await certificates(sslRootCert)
  const unverified: ConnectionOptions = { rejectUnauthorized: false }
  const ofAuthority: ConnectionOptions = { ...ca !== undefined && { ca }, checkServerIdentity: () => undefined }
  switch (sslMode) {
    case 'prefer':
      return [unverified, false]
    case 'require':
      return [ca === undefined ? unverified : ofAuthority]
    case 'verify-ca':
      return [ofAuthority]
    case 'verify-full':
      return [ca === undefined ? {} : { ca }]
  }
}

async function certificates (path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new BackupError(
      'SOURCE_UNREADABLE',
      `the certificates "${path}" of "sslrootcert" cannot be read (${systemCode(error) ?? 'unknown'})`,
      { hint: 'Correct the path, and let the user of the service read the file.', cause: error }
    )
  }
}

/** Whether the server has no TLS: `pg` reports this without a code. */
function isWithoutTls (error: unknown): boolean {
  return error instanceof Error && error.message === 'The server does not support SSL connections'
}
