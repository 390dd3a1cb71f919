import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Importer, ImportForm, Source } from '../../core/ports/source.ts'
import { sibling } from '../child.ts'
import { startSubprocess, timeFor, type ChildLimits } from '../subprocess.ts'
import { atLocation } from '../at-location.ts'
import { SQLITE_CHILD } from './open.ts'
import type { ImportTask } from './protocol.ts'
import { sizeOf, sqliteSource } from './sqlite-source.ts'

const DATABASE: ImportForm = {
  name: 'sqlite',
  label: 'SQLite database',
  extensions: ['.db', '.sqlite', '.sqlite3', '.db3', '.backup', '.bak'],
  companions: ['-wal', '-journal']
}
const DUMP: ImportForm = { name: 'sql', label: 'SQL dump', extensions: ['.sql'], companions: [] }

/** A dump can make more work than copying its bytes: indexes are built again. Times of `timeFor`. */
const SQL_FACTOR = 20

export interface SqliteImporterOptions {
  readonly name: string
  readonly location: string
  readonly scratchDir: string
  readonly limits: ChildLimits
}

/** Imports SQLite databases, and dumps of them as SQL. A child process reads what is imported. */
export function sqliteImporter ({ name, location, scratchDir, limits }: SqliteImporterOptions): Importer {
  return {
    forms: async () => [DATABASE, DUMP],

    async prepare (plain, signal) {
      const { form, path, folder, name: file } = plain
      const isSql = form.name === DUMP.name
      const size = sizeOf(path)
      // A database is about as large as its rows as text.
      if (isSql) await plain.requireRoom(size)
      const companions = form.companions.filter(suffix => existsSync(path + suffix))
      const database = isSql ? join(folder, 'database.db') : path
      const task: ImportTask = {
        path: database,
        sql: isSql ? path : null,
        name: file,
        hasLog: companions.length > 0
      }
      const child = startSubprocess({
        entry: sibling(import.meta.url, 'import-child'),
        task,
        ...SQLITE_CHILD,
        onMessage: () => {},
        ...limits,
        timeout: timeFor(size * (isSql ? SQL_FACTOR : 1), limits)
      }, signal)
      child.image.resume()
      await child.ended
      return {
        source: imported(sqliteSource({ name, path: database, busyTimeout: 0, scratchDir, limits }), location),
        notes: [
          ...isSql
            ? ['made from SQL: page size, user_version and application_id are those of the dump, or the defaults']
            : [],
          ...companions.map(suffix => `with the changes in the "${suffix}" file next to it`)
        ]
      }
    }
  }
}

/** The owner and the mode of the copy are those of this process. */
const OF_THE_COPY = new Set(['fileUid', 'fileGid', 'fileMode'])

/** The database in scratch space, as a state of the source itself. */
function imported (copy: Source, location: string): Source {
  return atLocation(copy, location, ({ facts, link }) => {
    const properties = Object.entries(facts.properties).filter(([key]) => !OF_THE_COPY.has(key))
    return { facts: { ...facts, properties: Object.fromEntries(properties) }, link }
  })
}
