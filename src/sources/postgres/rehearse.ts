import { BackupError } from '../../core/errors.ts'
import { MAIN } from '../../core/ports/part.ts'
import type { SnapshotFacts } from '../../core/ports/source.ts'
import type { Check } from '../../core/ports/verification.ts'
import type { Rehearsal, Rehearser } from '../../core/restore/rehearsal.ts'
import { lastLink } from '../../core/restore/restorable.ts'
import { assessAll } from './assess.ts'
import { POSTGRES_CHECKS } from './checks.ts'
import { clusterSpace, rehearsalSpace } from './cluster-space.ts'
import { startCluster, type Cluster } from './cluster.ts'
import type { Database } from './connection.ts'
import type { PostgresContext } from './context.ts'
import { createDatabase } from './create-database.ts'
import { quoteIdent } from './database-name.ts'
import { postgresDetails, type PostgresDetails } from './facts.ts'
import { installationFor, installations, type Installation } from './programs.ts'
import { restoredChecks } from './restored-checks.ts'
import { restoreForDrill } from './restore-for-drill.ts'
import { impossible } from './server-user.ts'
import { openSession, type Session } from './session.ts'

/** The database in the server of a drill. */
const DATABASE = 'drill'
/** The role of assertions, which reads everything and changes nothing. */
const READER = 'holdfast_reader'
/** The first version with the role `pg_read_all_data`. */
const READ_ALL = 14
/** No assertion takes longer. Milliseconds. */
const LONGEST = 60_000

/**
 * Restores dumps into a server of their own for a drill (cluster.ts). What a machine lacks (programs, extensions,
 * locales, room, a user) is an error, and no verdict on the backup. `longest`: of an assertion, in milliseconds.
 */
export function postgresRehearser (context: PostgresContext, longest = LONGEST): Rehearser {
  return {
    space: rehearsalSpace,

    async rehearse (restorable, signal) {
      const { manifest, images } = lastLink(restorable)
      const details = postgresDetails(manifest.facts)
      if (details === null) {
        return failed('archive', 'the manifest does not have the facts of a PostgreSQL database')
      }
      const installation = installationFor(
        await installations(context.programs),
        Math.max(majorOf(details), Number.parseInt(details.clientVersion, 10)),
        ['pg_restore', 'initdb', 'postgres']
      )
      const archive = await images.file(MAIN, signal)
      const cluster = await startCluster({
        installation,
        scratchDir: context.scratchDir,
        runAs: context.runAs,
        bytes: clusterSpace(manifest)
      }, signal)
      try {
        return await rehearsed(cluster, { archive, details, facts: manifest.facts, installation, longest }, signal)
      } catch (error) {
        const gone = !signal.aborted && await cluster.isGone(signal)
        await cluster.close()
        throw gone ? serverGone(error) : error
      }
    }
  }
}

interface Rehearsed {
  readonly archive: string
  readonly details: PostgresDetails
  readonly facts: SnapshotFacts
  readonly installation: Installation
  readonly longest: number
}

async function rehearsed (cluster: Cluster, of: Rehearsed, signal: AbortSignal): Promise<Rehearsal> {
  const { details, facts, installation, longest } = of
  const database: Database = { server: cluster.server, name: DATABASE }
  const maintenance = await openSession({ server: cluster.server, name: 'postgres' }, signal)
  let reader
  try {
    await requireExtensions(maintenance, details)
    reader = await createRoles(maintenance, details, cluster.major)
    await createDrillDatabase(maintenance, details, cluster.major)
  } finally {
    await maintenance.close()
  }
  const problem = await restoreForDrill(cluster, { ...of, database }, signal)
  if (problem !== undefined) return { ...failed('restore', problem), close: () => cluster.close() }
  const checked = async (signal: AbortSignal): Promise<readonly Check[]> => {
    const others = await restoredChecks(cluster, { database, details, facts, installation }, signal)
    return [
      { name: 'archive', status: 'pass', reason: `read by pg_restore ${installation.version}` },
      { name: 'restore', status: 'pass', reason: `into PostgreSQL ${cluster.version}` },
      ...others
    ]
  }
  const orGone = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
    try {
      return await work
    } catch (error) {
      throw !signal.aborted && await cluster.isGone(signal) ? serverGone(error) : error
    }
  }
  return {
    checks: signal => orGone(checked(signal), signal),
    assess: (assertions, at, signal) =>
      orGone(
        assessAll({ server: { ...cluster.server, user: reader }, name: DATABASE }, assertions, at, { longest, signal }),
        signal
      ),
    close: () => cluster.close()
  }
}

/** A backup that cannot be restored: the checks after the one that failed are not reached. */
function failed (name: string, reason: string): Rehearsal {
  const at = POSTGRES_CHECKS.findIndex(check => check.name === name)
  const checks = POSTGRES_CHECKS.map((check, index): Check =>
    index < at
      ? { name: check.name, status: 'pass' }
      : index === at
      ? { name, status: 'fail', reason }
      : { name: check.name, status: 'skipped', reason: `not reached, because ${name} failed` }
  )
  return {
    checks: async () => await Promise.resolve(checks),
    assess: async () => await Promise.resolve([]),
    close: async () => {}
  }
}

function majorOf ({ serverVersion }: PostgresDetails): number {
  return Math.floor(serverVersion / 10_000)
}

function serverGone (cause: unknown): BackupError {
  return impossible(
    'the server of the drill ended',
    'Look in the log of the system for a lack of memory, then repeat the drill.',
    cause
  )
}

async function requireExtensions (session: Session, { extensions }: PostgresDetails): Promise<void> {
  const rows = await session.query<{ name: string }>('SELECT name FROM pg_available_extensions')
  const available = new Set(rows.map(({ name }) => name))
  const missing = extensions.filter(({ name }) => !available.has(name)).map(({ name }) => `"${name}"`)
  if (missing.length === 0) return
  throw impossible(
    `the extension ${missing.join(', ')}, which the backup needs, is not installed on this machine`,
    'Install its package for the version of PostgreSQL that the drill uses.'
  )
}

/**
 * The roles of the source, none of which can log in: their rights do not matter here, and some objects belong to
 * superusers only. Returns the role for assertions.
 */
async function createRoles (session: Session, { roles, owner }: PostgresDetails, major: number): Promise<string> {
  const own = new Set([...roles, owner])
  const existing = await session.query<{ name: string }>('SELECT rolname AS name FROM pg_roles')
  for (const { name } of existing) own.delete(name)
  for (const name of own) await session.query(`CREATE ROLE ${quoteIdent(name)} NOLOGIN SUPERUSER`)
  let reader = READER
  while (own.has(reader)) reader += '_'
  await session.query(`CREATE ROLE ${quoteIdent(reader)} LOGIN NOSUPERUSER BYPASSRLS`)
  if (major >= READ_ALL) await session.query(`GRANT pg_read_all_data TO ${quoteIdent(reader)}`)
  return reader
}

async function createDrillDatabase (session: Session, details: PostgresDetails, major: number): Promise<void> {
  try {
    await createDatabase(session, { name: DATABASE, owner: undefined, tablespace: undefined }, details, major)
  } catch (error) {
    if (!(error instanceof BackupError) || error.code !== 'RESTORE_REQUIREMENT_MISSING') throw error
    throw impossible(error.message, 'Install the locale on this machine, then repeat the drill.', error)
  }
}
