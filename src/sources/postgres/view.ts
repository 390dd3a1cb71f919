import { BackupError, toBackupError } from '../../core/errors.ts'
import type { SnapshotFacts, TableFacts } from '../../core/ports/source.ts'
import type { Database } from './connection.ts'
import { countRows, serverFacts, snapshotDetails, systemId, type ServerFacts } from './details.ts'
import { toDetails, type PostgresDetails } from './facts.ts'
import type { GlobalsChoice, Selection } from './fields.ts'
import type { Installation } from './programs.ts'
import { schemaOf } from './schema-digest.ts'
import { openSession, type Session } from './session.ts'
import { selectRelations, type Relation, type Selected } from './tables.ts'

/** Tables that are locked by one statement. */
const BATCH = 500
/** How often a view is begun again because a table was dropped meanwhile. */
const ATTEMPTS = 5

/** How a view is taken. */
export interface ViewOptions {
  readonly database: Database
  readonly selection: Selection
  /** Milliseconds that a lock on a table may take. */
  readonly lockTimeout: number
}

/** One instant of a database, exported so that pg_dump sees the same. */
export interface View {
  /** `pg_export_snapshot()`; it can be imported until `facts` or `close` was called. */
  readonly snapshot: string
  readonly server: ServerFacts
  readonly selected: Selected
  /** Whether another session waits for a lock of this one, so that pg_dump has to wait behind it. */
  isWaitedFor(): Promise<boolean>
  /**
   * Counts the rows, and then ends the transaction: a program that has imported the snapshot keeps it, and holding it
   * any longer would only hold back vacuum. Call it once.
   */
  facts(): Promise<ViewFacts>
  /** Ends the transaction at once. Never rejects; safe to call twice. */
  close(): Promise<void>
}

export interface ViewFacts {
  readonly tables: readonly TableFacts[]
  readonly details: Omit<PostgresDetails, 'clientVersion' | 'excluded' | 'schemas' | 'globals'>
}

/**
 * Begins a transaction that sees one instant of the database, with a shared lock on every table of the backup: no other
 * session changes or drops one before its rows are counted. The locks come before the snapshot, for a table that is
 * changed in between would look empty. Rejects as `sourceError` has it, with `SOURCE_LOCKED` after `lockTimeout`.
 */
export async function openView (options: ViewOptions, signal: AbortSignal): Promise<View> {
  const session = await openSession(options.database, signal)
  try {
    const server = await serverFacts(session)
    const id = await systemId(session)
    for (let attempt = 1;; attempt++) {
      const view = await begin(session, options, server, id)
      if (view !== undefined) return view
      if (attempt === ATTEMPTS) {
        throw new BackupError('SOURCE_LOCKED', 'tables were dropped each time a backup began', {
          hint: 'Try again when tables are dropped less often; pg_stat_activity shows the statements.'
        })
      }
    }
  } catch (error) {
    await session.close()
    throw error
  }
}

/** undefined: a table was dropped before it was locked, or one was made and could not be locked any more. */
async function begin (
  session: Session,
  { selection, lockTimeout }: ViewOptions,
  server: ServerFacts,
  id: string | null
): Promise<View | undefined> {
  const before = await selectRelations(session, selection)
  await session.query(
    `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL lock_timeout = ${lockTimeout}${
      server.versionNumber >= 170_000 ? '; SET LOCAL transaction_timeout = 0' : ''
    }`
  )
  try {
    const locked = await lock(session, before, new Set())
    const [row] = await session.query<{ readonly snapshot: string }>('SELECT pg_export_snapshot() AS snapshot')
    const selected = await selectRelations(session, selection)
    await lock(session, selected, locked)
    const details = await snapshotDetails(session, selected)
    return viewOf(session, row?.snapshot ?? '', selected, server, {
      ...details,
      serverVersion: server.versionNumber,
      systemId: id,
      databaseSize: server.databaseSize
    })
  } catch (error) {
    // A table that is gone: its name is unknown, or its description was removed while the lock was waited for.
    if (!isGone(error)) throw error
    await session.query('ROLLBACK')
    return undefined
  }
}

function isGone (error: unknown): boolean {
  const { cause } = toBackupError(error)
  return typeof cause === 'object' && cause !== null && 'code' in cause &&
    (cause.code === '42P01' || cause.code === '3F000')
}

/** Locks the tables that are not locked yet, and returns all that are. */
async function lock (
  session: Session,
  { kept }: Selected,
  before: ReadonlySet<string>
): Promise<ReadonlySet<string>> {
  const tables = kept.filter(({ kind, oid }: Relation) => (kind === 'r' || kind === 'p') && !before.has(oid))
  for (let from = 0; from < tables.length; from += BATCH) {
    const names = tables.slice(from, from + BATCH).map(({ name }) => `ONLY ${name}`).join(', ')
    await session.query(`LOCK TABLE ${names} IN ACCESS SHARE MODE`)
  }
  return new Set([...before, ...tables.map(({ oid }) => oid)])
}

function viewOf (
  session: Session,
  snapshot: string,
  selected: Selected,
  server: ServerFacts,
  details: Omit<ViewFacts['details'], 'schema'>
): View {
  return {
    snapshot,
    server,
    selected,
    async isWaitedFor () {
      const [row] = await session.query<{ readonly is: boolean }>(
        'SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))) AS is'
      )
      return row?.is === true
    },
    async facts () {
      try {
        const tables = await countRows(session, selected, server.isStandby)
        const schema = await schemaOf(session, selected.isWhole ? null : tables.map(({ name }) => name))
        await session.query('COMMIT')
        return { tables, details: { ...details, schema: [...schema] } }
      } finally {
        await session.close()
      }
    },
    close: () => session.close()
  }
}

/** The facts of a backup. */
export function factsOf (
  { tables, details }: ViewFacts,
  { version, databaseSize }: ServerFacts,
  installation: Installation,
  { schemas, excludeSchemas, excludeTables, excludeTableData }: Selection,
  globals: PostgresDetails['globals']
): SnapshotFacts {
  return {
    engine: `PostgreSQL ${version}`,
    tables,
    properties: {
      server: version,
      pgDump: installation.version,
      databaseSize,
      encoding: details.encoding,
      extensions: details.extensions.map(extension => `${extension.name} ${extension.version}`).join(', '),
      roles: globals === null ? 'not included' : globals.passwords ? 'with passwords' : 'without passwords'
    },
    details: toDetails({
      ...details,
      clientVersion: installation.version,
      excluded: { schemas: [...excludeSchemas], tables: [...excludeTables], tableData: [...excludeTableData] },
      schemas: [...schemas],
      globals
    })
  }
}

/** Whether the roles get into a backup with their password verifiers; null: they do not get into it. */
export function globalsOf (
  choice: GlobalsChoice | undefined,
  { readsPasswords }: ServerFacts,
  user: string
): PostgresDetails['globals'] {
  if (choice === 'none') return null
  if (choice === 'with-passwords' && !readsPasswords) {
    throw new BackupError('SOURCE_FORBIDDEN', `the role "${user}" may not read the passwords of roles`, {
      hint: 'Set "globals: without-passwords", or use a role that may read pg_authid, such as a superuser.'
    })
  }
  return { passwords: choice === undefined ? readsPasswords : choice === 'with-passwords' }
}
