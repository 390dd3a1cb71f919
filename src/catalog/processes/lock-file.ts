import Database, { SqliteError } from 'better-sqlite3'
import { createPrivate } from '../database.ts'

export interface LockFile {
  /** Safe to call twice. */
  release(): void
}

/**
 * Locks the file at `path`, which is made where it is missing, until it is released or the process dies, however it
 * dies: the kernel lets go then. undefined: another one holds it. The lock is the one that SQLite takes on a database
 * of its own that stays empty; nobody may open the file by `node:fs` while this process holds it.
 */
export async function lockFile (path: string): Promise<LockFile | undefined> {
  await createPrivate(path)
  const database = tryLock(path)
  return database === undefined ? undefined : {
    release () {
      database.close()
    }
  }
}

/** What SQLite answers about a file that this user must not open, or not write to. */
const REFUSALS = ['SQLITE_CANTOPEN', 'SQLITE_READONLY', 'SQLITE_PERM']

/** Whether some process, this one included, holds the lock on the file. Throws where that cannot be told. */
export function isLocked (path: string): boolean {
  const database = tryLock(path)
  database?.close()
  return database === undefined
}

/** Whether an error of `isLocked` is that this user may not use the file: another user made it. */
export function isForbidden (error: unknown): boolean {
  return error instanceof SqliteError && REFUSALS.some(code => error.code.startsWith(code))
}

function tryLock (path: string): Database.Database | undefined {
  const database = new Database(path, { timeout: 0, fileMustExist: true })
  try {
    // Otherwise the lock would bring a second file along.
    database.pragma('journal_mode = MEMORY')
    database.exec('BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database.close()
    if (error instanceof SqliteError && error.code.startsWith('SQLITE_BUSY')) return undefined
    throw error
  }
}
