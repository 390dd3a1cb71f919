import { BackupError } from '../../core/errors.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import type { Placement } from '../../core/restore/restore.ts'
import type { Database } from './connection.ts'
import { createStatement } from './create-database.ts'
import { quoteIdent } from './database-name.ts'
import { readSettings } from './database-settings.ts'
import { postgresDetails, type PostgresDetails } from './facts.ts'
import { connectNextTo } from './maintenance.ts'
import { installationFor, installations, type Installation } from './programs.ts'
import { chosenTables, type TableName } from './restore-selection.ts'
import type { Session } from './session.ts'

/** pg_restore of this version and later sets `transaction_timeout`, which older servers refuse. */
const TRANSACTION_TIMEOUT = 17

export interface CheckedServer {
  readonly details: PostgresDetails
  readonly serverMajor: number
  readonly installation: Installation
  /** The role that the new database will belong to; undefined: that of the connection. */
  readonly owner: string | undefined
  /** The tables whose data is restored; null: all. */
  readonly chosen: readonly TableName[] | null
  /** Sentences without a full stop. */
  readonly warnings: readonly string[]
}

/** Throws `BACKUP_INVALID` for a manifest without the facts of a PostgreSQL database. */
export function requireDetails ({ facts }: Pick<Manifest, 'facts'>): PostgresDetails {
  const details = postgresDetails(facts)
  if (details !== null) return details
  throw new BackupError('BACKUP_INVALID', 'the manifest does not have the facts of a PostgreSQL database', {
    hint: 'Restore another backup, or the archive itself with pg_restore.'
  })
}

/**
 * Finds out on the server what would prevent the restore. Changes nothing. `RESTORE_TARGET_EXISTS`,
 * `RESTORE_TARGET_UNWRITABLE` for missing rights, `RESTORE_TARGET_OPEN` for prepared transactions and subscriptions,
 * `RESTORE_REQUIREMENT_MISSING` for roles, extensions, tablespaces and locale providers that the server does not have,
 * `SOURCE_TOOL_MISSING`, `TABLE_NOT_FOUND`, and as `openSession`.
 */
export async function checkServer (
  manifest: Manifest,
  database: Database,
  programs: readonly string[],
  { mode, isWithoutOwners = false, objects }: Pick<Placement, 'mode' | 'isWithoutOwners' | 'objects'>,
  signal: AbortSignal
): Promise<CheckedServer> {
  const details = requireDetails(manifest)
  const chosen = objects === undefined ? null : chosenTables(manifest.facts, objects)
  const session = await connectNextTo(database, signal)
  try {
    const [row] = await session.query<{ version: number }>(
      "SELECT current_setting('server_version_num')::int AS version"
    )
    const serverMajor = Math.floor((row?.version ?? 0) / 10_000)
    const archiveMajor = Number.parseInt(details.clientVersion, 10)
    const installation = installationFor(await installations(programs), Math.max(serverMajor, archiveMajor), [
      'pg_restore'
    ])
    requireServerVersion(serverMajor, installation)
    const existing = await readSettings(session, database.name)
    if (mode === 'file' && existing !== undefined) {
      throw new BackupError('RESTORE_TARGET_EXISTS', `there is already a database "${database.name}" on the server`, {
        hint: 'Choose another name, or drop that database first.'
      })
    }
    if (existing !== undefined) await requireRenamable(session, database.name)
    await requireExtensions(session, details)
    if (!isWithoutOwners) await requireRoles(session, details)
    const owner = existing?.owner ?? (isWithoutOwners ? undefined : details.owner)
    await requireRights(session, database, owner)
    createStatement({ name: database.name, owner, tablespace: undefined }, details, serverMajor)
    return { details, serverMajor, installation, owner, chosen, warnings: versionWarnings(details, serverMajor) }
  } finally {
    await session.close()
  }
}

function requireServerVersion (serverMajor: number, { major }: Installation): void {
  if (serverMajor >= TRANSACTION_TIMEOUT || major < TRANSACTION_TIMEOUT) return
  throw new BackupError(
    'RESTORE_REQUIREMENT_MISSING',
    `the archive needs pg_restore ${major}, which cannot restore into a server with PostgreSQL ${serverMajor}`,
    { hint: `Restore to a server with PostgreSQL ${TRANSACTION_TIMEOUT} or later.` }
  )
}

function versionWarnings ({ serverVersion }: PostgresDetails, serverMajor: number): readonly string[] {
  const before = Math.floor(serverVersion / 10_000)
  return serverMajor >= before
    ? []
    : [`the backup is of PostgreSQL ${before}, and it was restored into the older PostgreSQL ${serverMajor}`]
}

/** What ending the sessions does not release. */
async function requireRenamable (session: Session, name: string): Promise<void> {
  const prepared = await session.query<{ gid: string }>('SELECT gid FROM pg_prepared_xacts WHERE database = $1', [name])
  const [transaction] = prepared
  if (transaction !== undefined) {
    throw new BackupError(
      'RESTORE_TARGET_OPEN',
      `the database "${name}" has prepared transactions, such as "${transaction.gid}"`,
      { hint: 'End them with COMMIT PREPARED or ROLLBACK PREPARED.' }
    )
  }
  const subscriptions = await session.query<{ name: string }>(
    `SELECT subname AS name FROM pg_subscription JOIN pg_database d ON d.oid = subdbid
     WHERE datname = $1 AND subenabled`,
    [name]
  ).catch(() => [])
  const [subscription] = subscriptions
  if (subscription === undefined) return
  throw new BackupError(
    'RESTORE_TARGET_OPEN',
    `the database "${name}" has the enabled subscription "${subscription.name}", whose worker keeps it in use`,
    { hint: `Run "ALTER SUBSCRIPTION ${quoteIdent(subscription.name)} DISABLE" in it.` }
  )
}

async function requireExtensions (session: Session, { extensions }: PostgresDetails): Promise<void> {
  const rows = await session.query<{ name: string }>('SELECT name FROM pg_available_extensions')
  const available = new Set(rows.map(({ name }) => name))
  const missing = extensions.filter(({ name }) => !available.has(name)).map(({ name }) => `"${name}"`)
  if (missing.length === 0) return
  throw new BackupError(
    'RESTORE_REQUIREMENT_MISSING',
    `the server does not have the extension ${missing.join(', ')}, which the backup needs`,
    { hint: 'Install its package on the machine of the server, or restore to another server.' }
  )
}

async function requireRoles (session: Session, { roles, owner }: PostgresDetails): Promise<void> {
  const rows = await session.query<{ name: string }>('SELECT rolname AS name FROM pg_roles')
  const present = new Set(rows.map(({ name }) => name))
  const missing = [...new Set([...roles, owner])].filter(name => !present.has(name))
  const [first] = missing
  if (first === undefined) return
  throw new BackupError(
    'RESTORE_REQUIREMENT_MISSING',
    `the server does not have the role ${
      missing.map(name => `"${name}"`).join(', ')
    }, which owns objects of the backup or has rights on them`,
    {
      hint: `Create it (CREATE ROLE ${
        quoteIdent(first)
      }), or restore without owners and privileges ("--no-owners", or "owners": false).`
    }
  )
}

async function requireRights (session: Session, { server, name }: Database, owner: string | undefined): Promise<void> {
  const [role] = await session.query<{ creates: boolean, owns: boolean }>(
    `SELECT rolsuper OR rolcreatedb AS creates,
       $1::text IS NULL OR coalesce((SELECT pg_has_role(oid, 'MEMBER') FROM pg_roles WHERE rolname = $1), false) AS owns
     FROM pg_roles WHERE rolname = current_user`,
    [owner ?? null]
  )
  if (role?.creates !== true) {
    throw new BackupError('RESTORE_TARGET_UNWRITABLE', `the role "${server.user}" must not create databases`, {
      hint: `Run "ALTER ROLE ${quoteIdent(server.user)} CREATEDB" as a superuser.`
    })
  }
  if (role.owns || owner === undefined) return
  throw new BackupError(
    'RESTORE_TARGET_UNWRITABLE',
    `the role "${server.user}" is not a member of the role "${owner}", which owns the database "${name}"`,
    { hint: `Run "GRANT ${quoteIdent(owner)} TO ${quoteIdent(server.user)}" as a superuser.` }
  )
}
