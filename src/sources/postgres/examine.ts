import { stat } from 'node:fs/promises'
import { BackupError, systemCode, toBackupError } from '../../core/errors.ts'
import { counted } from '../../core/counted.ts'
import { fail, ok, skipped, warn, type SourceFinding } from '../../core/ports/finding.ts'
import type { Database } from './connection.ts'
import { majorOf, serverFacts, type ServerFacts } from './details.ts'
import { databaseOf, selectionOf, type PostgresValues } from './fields.ts'
import { compareVersions, installationFor, installations, type Installation } from './programs.ts'
import { requireClosed, requireDirect, requireRights, requireServer } from './requirements.ts'
import { openSession, type Session } from './session.ts'
import { selectRelations } from './tables.ts'
import { globalsOf } from './view.ts'

/** Milliseconds that a check waits for the server. */
const TIMEOUT = 20_000

/**
 * The first minor version of pg_dump of each major one without known defects: 18.2 fixes wrong values of sequences, and
 * the others close CVE-2025-8714 and CVE-2025-8715, by which the owner of an object runs code at a restore.
 */
const GOOD_VERSIONS = ['13.22', '14.19', '15.14', '16.10', '17.6', '18.2']

/** `pg_database_size`; 0: it could not be asked. Bytes. */
export async function databaseSize (values: PostgresValues): Promise<number> {
  const database = databaseOf(values)
  if (database === undefined) return 0
  return await connected(database, async session => (await serverFacts(session)).databaseSize).catch(() => 0)
}

/** Whether the role can read everything that is backed up. */
export async function examineRights (values: PostgresValues): Promise<readonly SourceFinding[]> {
  return await onServer(values, fail, async (session, database, signal) => {
    const server = await serverFacts(session)
    requireServer(majorOf(server))
    await requireDirect(database, session, signal)
    const selected = await selectRelations(session, selectionOf(values))
    await requireRights(database, session, selected)
    await requireClosed(session, selected)
    const { user } = database.server
    const tables = selected.kept.filter(({ kind }) => kind === 'r').length
    const globals = globalsOf(values.globals, server, user)
    return [
      ok(`the role "${user}" can read ${counted(tables, 'table')} of the database "${database.name}"`),
      ...globals === null || globals.passwords || values.globals === 'without-passwords'
        ? []
        : [warn(
          `the role "${user}" may not read the passwords of roles: backups have the roles without them`,
          'Set "globals: without-passwords" if that is intended, or use a role that may read pg_authid.'
        )]
    ]
  })
}

/** Whether the programs for the version of the server are there, which ones, and whether they have known defects. */
export async function examinePrograms (values: PostgresValues): Promise<readonly SourceFinding[]> {
  const found = await installations(values.programs)
  const list = found.map(({ version, directory }) => `${version} in ${directory}`).join(', ')
  return await onServer(
    values,
    message => skipped(`${message}; the programs found are: ${list || 'none'}`),
    async session => {
      const major = majorOf(await serverFacts(session))
      const chosen = installationFor(found, major, ['pg_dump', 'pg_dumpall', 'pg_restore'])
      return [
        chosen.major === major
          ? ok(`PostgreSQL ${major} is backed up by pg_dump ${chosen.version} (found: ${list})`)
          : warn(
            `PostgreSQL ${major} is backed up by pg_dump ${chosen.version}, whose dumps need a server of that version`,
            `Install the package "postgresql-client-${major}".`
          ),
        ...defects(chosen),
        ...drillPrograms(found, chosen.major)
      ]
    }
  )
}

function defects ({ major, version }: Installation): readonly SourceFinding[] {
  const good = GOOD_VERSIONS.find(one => Number.parseInt(one, 10) === major)
  return good === undefined || compareVersions(version, good) >= 0 ? [] : [warn(
    `pg_dump ${version} has known defects, which ${good} corrects`,
    `Update the package "postgresql-client-${major}".`
  )]
}

function drillPrograms (found: readonly Installation[], major: number): readonly SourceFinding[] {
  try {
    installationFor(found, major, ['pg_restore', 'initdb', 'postgres'])
    return []
  } catch (thrown) {
    const { message, hint = '' } = toBackupError(thrown)
    return [warn(`drills cannot restore a backup into a server: ${message}`, hint)]
  }
}

/** Whether the connection and the password are protected. Connects to nothing. */
export async function examineConnection (values: PostgresValues): Promise<readonly SourceFinding[]> {
  const database = databaseOf(values)
  if (database === undefined) return []
  const { host, sslMode, passwordFile } = database.server
  const isLocal = host.startsWith('/') || ['localhost', '127.0.0.1', '::1'].includes(host)
  return [
    isLocal || sslMode === 'verify-full'
      ? ok(isLocal ? 'the server is on this machine' : 'the connection is encrypted, and the server is verified')
      : warn(
        `the connection to ${host} has sslmode=${sslMode}: another server could pretend to be this one`,
        'Set sslmode=verify-full and sslrootcert=PATH in the URL.'
      ),
    ...passwordFile === null ? [] : [await examinePasswordFile(passwordFile)]
  ]
}

async function examinePasswordFile (path: string): Promise<SourceFinding> {
  try {
    const { mode } = await stat(path)
    return (mode & 0o077) === 0
      ? ok(`the password file "${path}" is readable by its owner alone`)
      : warn(`other users may read the password file "${path}"`, `Run "chmod 600 ${path}".`)
  } catch (error) {
    return fail(
      `the password file "${path}" cannot be read (${systemCode(error) ?? 'unknown'})`,
      'Correct "passwordFile", and let the user of the service read the file.'
    )
  }
}

/** Whether a standby may cancel the queries of a backup. */
export async function examineServer (values: PostgresValues): Promise<readonly SourceFinding[]> {
  return await onServer(values, skipped, async session => {
    const server = await serverFacts(session)
    if (!server.isStandby) return [ok(describeServer(server))]
    const [row] = await session.query<{ readonly feedback: string }>(
      "SELECT current_setting('hot_standby_feedback') AS feedback"
    )
    return row?.feedback === 'on' ? [ok(`${describeServer(server)}, a standby`)] : [warn(
      'the server is a standby without hot_standby_feedback: it may cancel a long backup',
      'Set hot_standby_feedback = on on the standby, or back up the primary.'
    )]
  })
}

function describeServer ({ version }: ServerFacts): string {
  return `the server is PostgreSQL ${version}`
}

/** What `work` finds on the server; an error becomes a finding by `report`. */
async function onServer (
  values: PostgresValues,
  report: (message: string, remedy: string) => SourceFinding,
  work: (session: Session, database: Database, signal: AbortSignal) => Promise<readonly SourceFinding[]>
): Promise<readonly SourceFinding[]> {
  const database = databaseOf(values)
  if (database === undefined) return []
  try {
    return await connected(database, (session, signal) => work(session, database, signal))
  } catch (thrown) {
    const { message, hint = 'Look at the log of the server.', code } = toBackupError(thrown)
    // What is wrong with the programs is a failure of that check, and not of the connection.
    return [code === 'SOURCE_TOOL_MISSING' ? fail(message, hint) : report(message, hint)]
  }
}

async function connected<T> (
  database: Database,
  work: (session: Session, signal: AbortSignal) => Promise<T>
): Promise<T> {
  const signal = AbortSignal.timeout(TIMEOUT)
  try {
    const session = await openSession(database, signal)
    try {
      return await work(session, signal)
    } finally {
      await session.close()
    }
  } catch (thrown) {
    throw thrown === signal.reason
      ? new BackupError('SOURCE_UNREACHABLE', `the server did not answer within ${TIMEOUT / 1000} seconds`, {
        hint: 'Check the load of the server and locks on the tables of the database.'
      })
      : thrown
  }
}
