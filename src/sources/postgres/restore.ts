import { BackupError } from '../../core/errors.ts'
import { MAIN } from '../../core/ports/part.ts'
import { lastLink, type Restorable } from '../../core/restore/restorable.ts'
import type { Placed, Placement, Restorer } from '../../core/restore/restore.ts'
import { parseUrl, type Database } from './connection.ts'
import { createDatabase } from './create-database.ts'
import { unfinishedName } from './database-name.ts'
import { applySettings, readSettings, type DatabaseSettings } from './database-settings.ts'
import type { KnownServers } from './known-servers.ts'
import {
  connectNextTo,
  databaseExists,
  dropDatabase,
  dropIdle,
  openMaintenance,
  sessionsIn,
  sqlState
} from './maintenance.ts'
import { renameDatabases, type Renaming } from './rename-databases.ts'
import { restoreArchive } from './restore-archive.ts'
import { checkServer, type CheckedServer } from './restore-check.ts'
import { restoreTables } from './restore-tables.ts'
import { countDifferences, requireSameCounts, tableCounts } from './restored-counts.ts'
import { openSession, type Session } from './session.ts'

/** How long the undo of a restore waits for sessions that do not end. Milliseconds. */
const UNDO_TIMEOUT = 15_000
/** How long the removal of a database may take: the server writes a checkpoint first. Milliseconds. */
const SETTLE_TIMEOUT = 600_000

export interface PostgresRestoring {
  readonly servers: KnownServers
  /** For files with passwords. */
  readonly scratchDir: string
  /** Directories of the programs of PostgreSQL for servers of no configured source. */
  readonly programs: readonly string[]
}

/**
 * Restores PostgreSQL databases. The archive is restored under a new name, compared with the counts of the backup, and
 * then gets its name: in the place of a source by two renames in one transaction, so that the old database is kept
 * under another name. Paths are locations (`locationOf`); the database at `aside` is on the same server.
 */
export function postgresRestorer ({ servers, scratchDir, programs }: PostgresRestoring): Restorer {
  const locate = (location: string): Located => {
    const { database, source } = servers.locate(location)
    return { database, programs: source?.programs ?? programs }
  }
  return {
    undoneBy: 'aside',
    needs: () => ({ files: [MAIN], isOwn: true }),

    async check (manifest, placement, signal) {
      const { database, programs } = locate(placement.path)
      await checkServer(manifest, database, programs, placement, signal)
    },

    async place (restorable, placement, onBytes, signal) {
      const located = locate(placement.path)
      const kept = nameAt(placement.aside)
      try {
        return await place(restorable, { ...located, kept, scratchDir }, placement, onBytes, signal)
      } catch (thrown) {
        // The engine settles again where this fails.
        await settle(located.database, kept).catch(() => {})
        throw signal.aborted ? signal.reason : thrown
      }
    },

    settle: async (path, aside) => await settle(locate(path).database, nameAt(aside)),

    async discard (aside) {
      const { database } = locate(aside)
      await discard(database)
    },

    async revert (path, aside, hadContent) {
      await revert(locate(path).database, nameAt(aside), hadContent)
    },

    async counts (path, signal) {
      const session = await openSession(locate(path).database, signal)
      try {
        return await tableCounts(session)
      } finally {
        await session.close()
      }
    },

    async holders (path, signal) {
      const { database } = locate(path)
      const session = await connectNextTo(database, signal)
      try {
        return await sessionsIn(session, database.name)
      } finally {
        await session.close()
      }
    }
  }
}

interface Located {
  readonly database: Database
  readonly programs: readonly string[]
}

interface Place extends Located {
  /** The name under which the old database is kept. */
  readonly kept: string
  readonly scratchDir: string
}

async function place (
  restorable: Restorable,
  { database, programs, kept, scratchDir }: Place,
  placement: Placement,
  onBytes: (bytes: number) => void,
  signal: AbortSignal
): Promise<Placed> {
  const begun = performance.now()
  const { manifest, images } = lastLink(restorable)
  const archive = await images.file(MAIN, signal)
  const { isWithoutOwners = false, mode } = placement
  const checked = await checkServer(manifest, database, programs, placement, signal)
  const fresh: Database = { ...database, name: unfinishedName(kept) }
  const existing = await created(database, fresh, checked, signal)
  const options = { installation: checked.installation, scratchDir, isWithoutOwners }
  const { chosen } = checked
  const left = chosen === null ? [] : await restoreTables(archive, fresh, chosen, options, signal)
  if (chosen === null) await restoreArchive(archive, fresh, options, signal)
  const content = await openSession(fresh, signal)
  try {
    requireSameCounts(await countDifferences(content, manifest.facts, chosen))
    await content.query('ANALYZE')
  } finally {
    await content.close()
  }
  const warnings = existing === undefined || mode === 'file' ? [] : await copySettings(fresh, existing, signal)
  await renameDatabases(
    database,
    [
      ...existing === undefined ? [] : [{ from: database.name, to: kept }],
      { from: fresh.name, to: database.name }
    ],
    placement.timeout,
    signal
  )
  const took = performance.now() - begun
  onBytes(manifest.image.size)
  return {
    bytes: manifest.image.size,
    isOldKept: existing !== undefined,
    took,
    warnings: [...checked.warnings, ...left, ...warnings, ...await slotWarnings(database, kept)]
  }
}

/** Makes the empty database, and resolves with the settings of the one in its place; undefined: there is none. */
async function created (
  database: Database,
  fresh: Database,
  { details, serverMajor, owner }: CheckedServer,
  signal: AbortSignal
): Promise<DatabaseSettings | undefined> {
  const session = await openMaintenance(database, signal)
  try {
    const existing = await readSettings(session, database.name)
    const tablespace = existing?.tablespace === 'pg_default' ? undefined : existing?.tablespace
    await createDatabase(session, { name: fresh.name, owner, tablespace }, details, serverMajor)
    return existing
  } finally {
    await session.close()
  }
}

async function copySettings (
  fresh: Database,
  existing: DatabaseSettings,
  signal: AbortSignal
): Promise<readonly string[]> {
  const session = await connectNextTo(fresh, signal)
  try {
    return await applySettings(session, fresh.name, existing)
  } finally {
    await session.close()
  }
}

/** Logical replication slots belong to a database, and not to its name. */
async function slotWarnings (database: Database, kept: string): Promise<readonly string[]> {
  try {
    return await withSession(database, async session => {
      const slots = await session.query<{ name: string }>(
        'SELECT slot_name AS name FROM pg_replication_slots WHERE database = $1',
        [kept]
      )
      return slots.map(({ name }) =>
        `the replication slot "${name}" belongs to the old database "${kept}": create it again in the restored one`
      )
    })
  } catch {
    return ['whether the old database has replication slots could not be read']
  }
}

/** Removes what was not finished. Resolves with whether the old database is kept. */
async function settle (database: Database, kept: string): Promise<boolean> {
  return await withSession(database, async session => {
    await dropDatabase(session, unfinishedName(kept))
    return await databaseExists(session, kept)
  })
}

async function discard (database: Database): Promise<void> {
  await withSession(database, async session => {
    try {
      await dropIdle(session, database.name)
    } catch (thrown) {
      if (sqlState(thrown) !== '55006') throw thrown
      const holders = await sessionsIn(session, database.name)
      throw new BackupError(
        'RESTORE_TARGET_OPEN',
        `the database "${database.name}" is in use: ${
          holders.map(({ pid, command }) => `${pid} (${command})`).join(', ')
        }`,
        { hint: 'End these sessions, then try again.', cause: thrown }
      )
    }
  })
}

async function revert (database: Database, kept: string, hadContent: boolean): Promise<void> {
  const removed = unfinishedName(kept)
  const { isKept, isThere } = await withSession(database, async session => {
    // What an undo that was interrupted has not removed yet.
    await dropDatabase(session, removed)
    return { isKept: await databaseExists(session, kept), isThere: await databaseExists(session, database.name) }
  })
  if (hadContent && !isKept) return
  const renamings: readonly Renaming[] = [
    ...isThere ? [{ from: database.name, to: removed }] : [],
    ...isKept ? [{ from: kept, to: database.name }] : []
  ]
  if (renamings.length === 0) return
  await renameDatabases(database, renamings, UNDO_TIMEOUT, new AbortController().signal)
  await withSession(database, session => dropDatabase(session, removed))
}

async function withSession<T> (database: Database, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await openMaintenance(database, AbortSignal.timeout(SETTLE_TIMEOUT))
  try {
    return await work(session)
  } finally {
    await session.close()
  }
}

function nameAt (location: string): string {
  return parseUrl(location).name
}
