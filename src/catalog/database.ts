import { chmod, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { BackupError, systemCode } from '../core/errors.ts'
import { giveToFolderOwner, makeFolders } from '../files/folder-owner.ts'
import { clearDamage, markedDamage } from './damage-mark.ts'
import { catalogError } from './errors.ts'

/** Up to so many bytes the whole database is checked as it is opened, which takes some milliseconds. */
const CHECKED_AT_ONCE = 16 * 1024 * 1024

export interface OpenedDatabase {
  readonly database: Database.Database
  /** Whether the whole of it was checked. */
  readonly isChecked: boolean
}

/**
 * Opens the database, or makes an empty one: mode 0600, its directory 0700 where it had to be made. Waits at most
 * `busyTimeoutMs` for another process, and holds up this one meanwhile. A small database, and one in which damage was
 * found before, is checked as a whole; of a large one damage is found where it is met, or by the daily check of the
 * service. Errors: those of the catalog; with `CATALOG_CORRUPT` nothing was changed.
 *
 * Neither here nor anywhere else may this process open the file by `node:fs` while a connection to it is open: closing
 * any descriptor of it would drop the connection's locks.
 */
export async function openDatabase (path: string, busyTimeoutMs: number): Promise<OpenedDatabase> {
  let database: Database.Database | undefined
  try {
    await createPrivate(path)
    database = new Database(path, { timeout: busyTimeoutMs, fileMustExist: true })
    const isChecked = check(database)
    database.pragma('journal_mode = WAL')
    // Durable all the same: see WalSync.
    database.pragma('synchronous = NORMAL')
    database.pragma('foreign_keys = ON')
    return { database, isChecked }
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

/**
 * Makes an empty file that nobody but the owner of its directory may read, or takes that permission from one that is
 * there, without opening it.
 */
export async function createPrivate (path: string): Promise<void> {
  const directory = dirname(path)
  await makeFolders(directory, 0o700)
  try {
    const made = await open(path, 'wx', 0o600)
    await giveToFolderOwner(made, directory).finally(() => made.close())
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

function check (database: Database.Database): boolean {
  const isMarked = markedDamage(database.name) !== undefined
  if (!isMarked && bytesOf(database) > CHECKED_AT_ONCE) return false
  const found = database.pragma('quick_check(1)', { simple: true })
  if (found === 'ok') {
    if (isMarked) clearDamage(database.name)
    return true
  }
  throw new BackupError('CATALOG_CORRUPT', `the catalog is damaged: ${String(found)}`, {
    hint:
      'Restart the service: it keeps the damaged catalog under another name and builds a new one from the manifests.'
  })
}

/** Reads the header, so that a file which is no database is refused. */
function bytesOf (database: Database.Database): number {
  return Number(database.pragma('page_count', { simple: true })) *
    Number(database.pragma('page_size', { simple: true }))
}
