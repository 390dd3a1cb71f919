import { BackupError } from '../../core/errors.ts'
import { isSameServer, locationOf, parseUrl, UrlProblem, type Database, type Server } from './connection.ts'

/** A configured source, as far as a restore needs it. */
export interface KnownSource {
  readonly name: string
  readonly database: Database
  /** Directories of the programs of PostgreSQL; empty: the usual ones. */
  readonly programs: readonly string[]
}

/** The servers of the configured sources. Locations have no passwords: these are looked up here. */
export interface KnownServers {
  /** Called for each configured source. */
  remember(source: KnownSource): void
  /** undefined: no source of this kind has the name. */
  source(name: string): KnownSource | undefined
  /**
   * The database at a location (`locationOf`), with the connection of a source on the same server, if possible one with
   * the same user. `source`: that of the connection; undefined: no source has this server and user, and the database is
   * connected to without a password. Throws `RESTORE_TARGET_INVALID` for a text that is no location.
   */
  locate(location: string): { readonly database: Database, readonly source: KnownSource | undefined }
  /** The source whose database is at this location; undefined: none. */
  sourceAt(location: string): KnownSource | undefined
}

export function knownServers (): KnownServers {
  const sources = new Map<string, KnownSource>()
  const all = (): readonly KnownSource[] => [...sources.values()]
  return {
    remember (source) {
      sources.set(source.name, source)
    },
    source: name => sources.get(name),

    locate (location) {
      const { server, name } = parsedLocation(location)
      const source = all().find(one => isSameRole(one.database.server, server))
      return { database: { server: source?.database.server ?? server, name }, source }
    },

    sourceAt (location) {
      const { server, name } = parsedLocation(location)
      return all().find(({ database }) => database.name === name && isSameServer(database.server, server))
    }
  }
}

function isSameRole (one: Server, other: Server): boolean {
  return isSameServer(one, other) && one.user === other.user
}

function parsedLocation (location: string): Database {
  try {
    return parseUrl(location)
  } catch (thrown) {
    if (!(thrown instanceof UrlProblem)) throw thrown
    throw new BackupError('RESTORE_TARGET_INVALID', `the target of the restore ${thrown.message}`, { cause: thrown })
  }
}

/** The location of another database on the same server, with the same role. */
export function locationNextTo (location: string, name: string): string {
  return locationOf({ ...parsedLocation(location), name })
}
