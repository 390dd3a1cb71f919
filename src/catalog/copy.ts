import { existsSync } from 'node:fs'
import { copyFile, stat } from 'node:fs/promises'
import Database from 'better-sqlite3'
import { BackupError } from '../core/errors.ts'
import { catalogError } from './errors.ts'

/**
 * Copies the database at `from` to `to`, which must not exist, as it is at one instant, and leaves everything beside
 * `from` as it was. May run beside a server, but not in a process that has the database open. Rejects as `openCatalog`
 * does; a damaged database may well be copied with its damage.
 *
 * SQLite alone would leave an empty `-wal` and `-shm` behind, and a service that runs as another user could then not
 * open its own catalog. So a database that nobody has open is copied as a file.
 */
export async function copyDatabase (from: string, to: string): Promise<void> {
  try {
    if (!await copyResting(from, to)) await copyThroughSqlite(from, to)
  } catch (error) {
    throw catalogError(error)
  }
}

/** Returns false where somebody has the database open, or had in the meantime. */
async function copyResting (from: string, to: string): Promise<boolean> {
  if (existsSync(`${from}-wal`)) return false
  const before = await stat(from)
  await copyFile(from, to)
  const after = await stat(from)
  return !existsSync(`${from}-wal`) && before.mtimeMs === after.mtimeMs && before.size === after.size
}

/** Looks through the whole database, which nobody may have open. Throws `CATALOG_CORRUPT`. */
export function checkIntegrity (path: string): void {
  let database: Database.Database | undefined
  try {
    database = new Database(path, { readonly: true, fileMustExist: true })
    const found = database.pragma('integrity_check(1)', { simple: true })
    if (found !== 'ok') {
      throw new BackupError('CATALOG_CORRUPT', `the catalog is damaged: ${String(found)}`, {
        hint:
          'Start the service: it keeps the damaged catalog under another name and builds a new one from the manifests.'
      })
    }
  } catch (error) {
    throw catalogError(error)
  } finally {
    database?.close()
  }
}

async function copyThroughSqlite (from: string, to: string): Promise<void> {
  const database = new Database(from, { readonly: true, fileMustExist: true, timeout: 2000 })
  try {
    // Within a read transaction the copy need not begin anew whenever the server commits.
    database.exec('BEGIN')
    database.prepare('SELECT count(*) FROM sqlite_schema').get()
    await database.backup(to)
  } finally {
    database.close()
  }
}
