import { randomUUID } from 'node:crypto'
import { isAbsolute } from 'node:path'
import { BackupError } from '../../core/errors.ts'
import type { RestoreTargets } from '../../core/restore/restore.ts'
import { locationOf, parseUrl, UrlProblem, type Database } from './connection.ts'
import { keptName, MOST_BYTES } from './database-name.ts'
import { connectNextTo, databaseExists } from './maintenance.ts'
import { locationNextTo, type KnownServers } from './known-servers.ts'

const URL_START = /^[a-z][a-z0-9+]*:\/\//i

/**
 * Targets of a backup of PostgreSQL: the name of a new database on the server of the source, or the URL of a new
 * database on another server.
 */
export function postgresTargets (servers: KnownServers): RestoreTargets {
  return {
    parse (target, { source, isConfined }) {
      const location = URL_START.test(target) ? fromUrl(target) : fromName(servers, target, source)
      requireUsable(servers, location, isConfined)
      return location
    },
    aside (location) {
      const { name } = parseUrl(location)
      return locationNextTo(location, keptName(name, randomUUID().slice(0, 8)))
    },
    async exists (location, signal) {
      const { database } = servers.locate(location)
      const session = await connectNextTo(database, signal)
      try {
        return await databaseExists(session, database.name)
      } finally {
        await session.close()
      }
    }
  }
}

function fromUrl (target: string): string {
  let database: Database
  try {
    database = parseUrl(target)
  } catch (thrown) {
    if (!(thrown instanceof UrlProblem)) throw thrown
    throw invalid(
      `"target" ${thrown.message}`,
      'Give the name of a new database, or the URL of one without a password.'
    )
  }
  if (database.server.password !== null) {
    throw invalid(
      '"target" contains a password, which would be recorded with the restore',
      'Leave the password out: that of a configured source on the same server is used.'
    )
  }
  if (database.server.sslMode !== 'prefer' || database.server.sslRootCert !== null) {
    throw invalid(
      '"target" has parameters for TLS, which would be lost',
      'Leave "sslmode" and "sslrootcert" out: those of a configured source with the same server and user are used.'
    )
  }
  requireName(database.name)
  return locationOf(database)
}

function fromName (servers: KnownServers, target: string, source: string): string {
  if (isAbsolute(target) || /[/\\]/.test(target)) {
    throw invalid(
      `"target" is the path "${target}", and this backup is restored to a database`,
      'Give the name of a new database. To get the archive as a file, use "holdfast download".'
    )
  }
  requireName(target)
  const known = servers.source(source)
  if (known !== undefined) return locationOf({ ...known.database, name: target })
  throw new BackupError(
    'SOURCE_NOT_FOUND',
    `the source "${source}" is no longer configured, so its server is unknown`,
    {
      hint: 'Give the URL of a new database, such as postgresql://user@host:5432/name.'
    }
  )
}

function requireName (name: string): void {
  const bytes = Buffer.byteLength(name)
  if (bytes > 0 && bytes <= MOST_BYTES && !name.includes('\0')) return
  throw invalid(
    `"target" names a database whose name has ${bytes} bytes`,
    `The name of a database has 1 to ${MOST_BYTES} bytes. Choose another one.`
  )
}

function requireUsable (servers: KnownServers, location: string, isConfined: boolean): void {
  const existing = servers.sourceAt(location)
  if (existing !== undefined) {
    throw new BackupError('RESTORE_TARGET_INVALID', `"${location}" is the database of the source "${existing.name}"`, {
      hint: 'Omit "target" to restore a source: then its current content is kept as another database.'
    })
  }
  if (!isConfined || servers.locate(location).source !== undefined) return
  throw new BackupError(
    'RESTORE_TARGET_FORBIDDEN',
    `"${location}" is not allowed: no source has this server and user`,
    {
      hint:
        'Give the name of a new database on the server of the source, configure a source on the other server, or run "holdfast restore" on the server.'
    }
  )
}

function invalid (message: string, hint: string): BackupError {
  return new BackupError('VALIDATION_FAILED', message, { hint })
}
