import { setTimeout as sleep } from 'node:timers/promises'
import { cleanupSignal } from '../../core/cleanup-signal.ts'
import { BackupError, toBackupError } from '../../core/errors.ts'
import type { Database } from './connection.ts'
import { quoteIdent } from './database-name.ts'
import { connectNextTo, databaseExists, openMaintenance, sessionsIn, sqlState } from './maintenance.ts'
import type { Session } from './session.ts'

/** `object_in_use`: sessions in the database, or prepared transactions. The server waits 5 seconds for them. */
const IN_USE = '55006'
/** Milliseconds between two rounds that end the sessions in the databases. */
const TERMINATE_EVERY = 50

/** A database gets another name. */
export interface Renaming {
  readonly from: string
  readonly to: string
}

/**
 * Renames databases in one transaction, in this order, and ends the sessions in them until that succeeds. Meanwhile new
 * connections wait, for the statement holds the lock that a connection needs; a crash of this process releases it.
 * `database`: the one whose name gets another content. Rejects with `RESTORE_TARGET_OPEN`, which names the sessions,
 * `timeout` milliseconds after the start, or up to 5 seconds later. `signal` has no effect during an attempt. What
 * rejects has changed nothing.
 */
export async function renameDatabases (
  database: Database,
  renamings: readonly Renaming[],
  timeout: number,
  signal: AbortSignal
): Promise<void> {
  const until = performance.now() + timeout
  // An abort must not leave the result of the transaction unknown.
  const unlimited = new AbortController().signal
  const session = await openMaintenance(database, unlimited)
  try {
    for (;;) {
      signal.throwIfAborted()
      const refusal = await attempt(session, database, renamings)
      if (refusal === undefined) return
      if (performance.now() >= until) throw await inUse(session, database, renamings, refusal)
    }
  } catch (thrown) {
    await session.close()
    if (await isRenamed(database, renamings).catch(() => false)) return
    throw thrown
  } finally {
    await session.close()
  }
}

/** undefined: it succeeded; otherwise why the databases are still in use. */
async function attempt (
  session: Session,
  database: Database,
  renamings: readonly Renaming[]
): Promise<BackupError | undefined> {
  const renaming = new AbortController()
  const names = renamings.map(({ from }) => from)
  const terminating = terminate(database, names, renaming.signal)
  try {
    // Several statements in one query are one transaction (PostgreSQL documentation, "Multiple Statements in a Simple
    // Query").
    await session.query(
      renamings.map(({ from, to }) => `ALTER DATABASE ${quoteIdent(from)} RENAME TO ${quoteIdent(to)}`).join('; ')
    )
    return undefined
  } catch (thrown) {
    if (sqlState(thrown) !== IN_USE) throw thrown
    renaming.abort()
    return await terminating ?? toBackupError(thrown)
  } finally {
    renaming.abort()
    await terminating
  }
}

/** Ends the sessions in the databases again and again, until `signal` aborts. Resolves with the last error. */
async function terminate (
  database: Database,
  names: readonly string[],
  signal: AbortSignal
): Promise<BackupError | undefined> {
  let failure: BackupError | undefined
  const session = await connectNextTo(database, cleanupSignal()).catch((thrown: unknown) => {
    failure = toBackupError(thrown)
  })
  if (session === undefined) return failure
  while (!signal.aborted) {
    try {
      await session.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = ANY ($1) AND pid <> pg_backend_pid() AND backend_type <> 'autovacuum worker'`,
        [names]
      )
      failure = undefined
    } catch (thrown) {
      failure = toBackupError(thrown)
    }
    await sleep(TERMINATE_EVERY, undefined, { signal }).catch(() => {})
  }
  await session.close()
  return failure
}

async function inUse (
  session: Session,
  database: Database,
  renamings: readonly Renaming[],
  refusal: BackupError
): Promise<BackupError> {
  const holders = (await Promise.all(renamings.map(({ from }) => sessionsIn(session, from)))).flat()
  const list = holders.map(({ pid, command }) => `${pid} (${command})`).join(', ')
  return new BackupError(
    'RESTORE_TARGET_OPEN',
    `the database "${database.name}" is still in use, and its sessions could not be ended: ${
      list === '' ? refusal.message : list
    }`,
    {
      hint:
        'Stop the applications that use the database, or give the role the right to end their sessions: GRANT pg_signal_backend.',
      cause: refusal
    }
  )
}

/** Whether the transaction was committed although its result did not arrive. */
async function isRenamed (database: Database, renamings: readonly Renaming[]): Promise<boolean> {
  const session = await openMaintenance(database, cleanupSignal())
  try {
    const tos = renamings.map(({ to }) => to)
    const gone = renamings.map(({ from }) => from).filter(name => !tos.includes(name))
    for (const name of tos) if (!await databaseExists(session, name)) return false
    for (const name of gone) if (await databaseExists(session, name)) return false
    return true
  } finally {
    await session.close()
  }
}
