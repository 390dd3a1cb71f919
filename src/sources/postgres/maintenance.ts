import { BackupError, systemCode } from '../../core/errors.ts'
import type { Holder } from '../../core/restore/restore.ts'
import type { Database } from './connection.ts'
import { quoteIdent } from './database-name.ts'
import { openSession, type Session } from './session.ts'

/** Databases from which others are created, renamed and dropped. */
const MAINTENANCE = ['postgres', 'template1']
/** Sessions that are listed. */
const MOST_HOLDERS = 20
/** How long another process of this service may be at work on the database. Milliseconds. */
const LOCK_TIMEOUT = 60_000

/**
 * Connects to another database of the server. The session holds an advisory lock for the name of the database, which a
 * server process keeps until it has ended, also where its client was killed: what a killed restore had sent is done
 * once this resolves. Rejects as `openSession`, and with `SOURCE_LOCKED` after a minute.
 */
export async function openMaintenance (database: Database, signal: AbortSignal): Promise<Session> {
  const session = await connectNextTo(database, signal)
  try {
    await session.query(`SET lock_timeout = ${LOCK_TIMEOUT}`)
    await session.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [`holdfast ${database.name}`])
    await session.query('SET lock_timeout = 0')
    return session
  } catch (thrown) {
    await session.close()
    throw thrown
  }
}

/** Connects to another database of the server, without that lock. Rejects as `openSession`. */
export async function connectNextTo ({ server, name }: Database, signal: AbortSignal): Promise<Session> {
  const [first = '', ...others] = MAINTENANCE.filter(one => one !== name)
  try {
    return await openSession({ server, name: first }, signal)
  } catch (thrown) {
    const [other] = others
    const isRefused = thrown instanceof BackupError && ['SOURCE_MISSING', 'SOURCE_FORBIDDEN'].includes(thrown.code)
    if (other === undefined || !isRefused) throw thrown
    return await openSession({ server, name: other }, signal)
  }
}

/** The SQLSTATE of an error of a session; undefined: it has none. */
export function sqlState (thrown: unknown): string | undefined {
  return thrown instanceof BackupError ? systemCode(thrown.cause) : undefined
}

export async function databaseExists (session: Session, name: string): Promise<boolean> {
  return (await session.query('SELECT FROM pg_database WHERE datname = $1', [name])).length > 0
}

/** Removes a database together with the sessions in it. Nothing happens where there is none. */
export async function dropDatabase (session: Session, name: string): Promise<void> {
  await session.query(`DROP DATABASE IF EXISTS ${quoteIdent(name)} WITH (FORCE)`)
}

/** The same for one that no session is in. Rejects with the SQLSTATE 55006 otherwise. */
export async function dropIdle (session: Session, name: string): Promise<void> {
  await session.query(`DROP DATABASE IF EXISTS ${quoteIdent(name)}`)
}

/** The sessions in a database, without those of the caller: the process of each on the server, and its client. */
export async function sessionsIn (session: Session, name: string): Promise<readonly Holder[]> {
  const rows = await session.query<{ pid: number, program: string, role: string | null, client: string | null }>(
    `SELECT pid, coalesce(nullif(application_name, ''), backend_type) AS program, usename AS role,
       coalesce(host(client_addr), 'the same machine') AS client
     FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid() ORDER BY backend_start LIMIT ${MOST_HOLDERS}`,
    [name]
  )
  return rows.map(({ pid, program, role, client }) => ({
    pid,
    command: role === null ? program : `${program}, role "${role}", from ${client}`
  }))
}
