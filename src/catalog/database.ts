import { chmod, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { BackupError, systemCode } from '../core/errors.ts'
import { catalogError } from './errors.ts'

/**
 * Opens the database, or makes an empty one: mode 0600, its directory 0700 where it had to be made. Waits at most
 * `busyTimeoutMs` for another process, and holds up this one meanwhile. Errors: those of the catalog; `CATALOG_CORRUPT`
 * says that it was looked through and found damaged, and then nothing was changed.
 *
 * Neither here nor anywhere else may this process open the file by `node:fs` while a connection to it is open: closing
 * any descriptor of it would drop the connection's locks.
 */
export async function openDatabase (path: string, busyTimeoutMs: number): Promise<Database.Database> {
  let database: Database.Database | undefined
  try {
    await createPrivate(path)
    database = new Database(path, { timeout: busyTimeoutMs, fileMustExist: true })
    check(database)
    database.pragma('journal_mode = WAL')
    // Durable all the same: see WalSync.
    database.pragma('synchronous = NORMAL')
    database.pragma('foreign_keys = ON')
    return database
  } catch (error) {
    database?.close()
    throw catalogError(error)
  }
}

/** Of the SQLite library that the catalog runs on. */
export function sqliteVersion (): string {
  const database = new Database(':memory:')
  try {
    return database.prepare<[], string>('SELECT sqlite_version()').pluck().get() ?? 'unknown'
  } finally {
    database.close()
  }
}

/** Makes an empty file that nobody else may read, or takes that permission from one that is there, without opening it. */
export async function createPrivate (path: string): Promise<void> {
  const directory = dirname(path)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  try {
    await (await open(path, 'wx', 0o600)).close()
    await syncDirectory(directory)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
    await chmod(path, 0o600)
  }
}

/** Makes the names in a directory durable. */
export async function syncDirectory (directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function check (database: Database.Database): void {
  const found = database.pragma('quick_check(1)', { simple: true })
  if (found === 'ok') return
  throw new BackupError('CATALOG_CORRUPT', `the catalog is damaged: ${String(found)}`, { hint: 'Restart the service: it sets the damaged catalog aside and rebuilds it from the manifests beside the backups.' })
}
