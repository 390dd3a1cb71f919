import { pathToFileURL } from 'node:url'
import Database from 'better-sqlite3'
import { countOpened, requireOpened } from './opened.ts'

/**
 * What a child that opens databases needs in its environment: names are given as URIs, so that every path is possible,
 * and one arena for the C library's memory, which is all that two threads need.
 */
const CHILD_ENVIRONMENT = { SQLITE_USE_URI: '1', MALLOC_ARENA_MAX: '1' }

/** The options of every child process that opens databases. */
export const SQLITE_CHILD = {
  environment: CHILD_ENVIRONMENT,
  noun: 'database',
  slow: 'Find an index, a CHECK constraint or a view of the database that takes long to compute'
} as const

/**
 * A database that others may be using. `path` has no symbolic link in it. Throws `SOURCE_REPLACED` where it leads to
 * another file as it is opened, and what SQLite throws.
 */
export function openShared (
  path: string,
  options: { readonly readonly: boolean, readonly busyTimeout: number }
): Database.Database {
  const before = countOpened(path)
  const db = new Database(pathToFileURL(path).href, {
    readonly: options.readonly,
    fileMustExist: true,
    timeout: options.busyTimeout
  })
  try {
    requireOpened(path, before)
    harden(db)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/**
 * Settings for a database whose definitions may be hostile: its views, triggers, indexes and CHECKs call no function
 * and no virtual table that has effects, its pages are checked as they are read, and its definitions are not written as
 * rows. The library itself adds defensive mode, and allows no extension. https://sqlite.org/security.html
 */
export function harden (db: Database.Database): void {
  db.pragma('trusted_schema = off')
  db.pragma('cell_size_check = on')
  db.pragma('writable_schema = off')
}

/** A file that nobody changes: no lock is taken, and neither `-wal` nor `-shm` comes into being beside it. */
export function openImmutable (path: string): Database.Database {
  const db = new Database(`${pathToFileURL(path).href}?immutable=1`, { readonly: true, fileMustExist: true })
  try {
    harden(db)
    beFrugal(db)
    db.prepare('SELECT count(*) FROM sqlite_schema').get()
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/**
 * Everything is read once from front to back: a cache of 2 MiB serves that as well as the 16 that are usual. Reads the
 * database, and so may find it locked.
 */
export function beFrugal (db: Database.Database): void {
  db.pragma('cache_size = -2048')
}
