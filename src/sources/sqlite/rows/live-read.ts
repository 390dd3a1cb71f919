import { existsSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import type Database from 'better-sqlite3'
import { BackupError, systemCode } from '../../../core/errors.ts'
import { describeHolders } from '../../proc.ts'
import { holdersOf } from '../holders.ts'
import { requireOneName } from '../one-name.ts'
import { openShared } from '../open.ts'
import { taken } from './compare-session.ts'

/** How long reading waits for those who hold the live database. Milliseconds. */
export const READ_TIMEOUT = 15_000
/** How often to ask whether the database is free. Milliseconds. */
const ASK_EVERY = 1

/**
 * Read-only, unless nobody has the database open: then only a connection that may write leaves no `-wal` and `-shm`
 * behind.
 */
export async function openToRead (given: string, timeout: number): Promise<Database.Database> {
  const path = requireOneName(given)
  const db = openShared(path, { readonly: existsSync(`${path}-wal`), busyTimeout: 0 })
  await whenFree(path, timeout, () => {
    db.pragma('main.journal_mode')
  }, () => {})
  return db
}

/** Begins as soon as the others let it, and ends with a commit, or rolled back if `work` throws. */
export async function transaction<T> (
  db: Database.Database,
  begin: string,
  path: string,
  timeout: number,
  work: () => T
): Promise<T> {
  await whenFree(path, timeout, () => {
    db.exec(begin)
    // A plain BEGIN takes no lock yet.
    db.prepare('SELECT count(*) FROM main.sqlite_schema').get()
  }, () => {
    if (db.inTransaction) db.exec('ROLLBACK')
  })
  let result: T
  try {
    result = work()
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK')
    throw error
  }
  await whenFree(path, timeout, () => {
    taken(() => {
      db.exec('COMMIT')
    }, 'the rows together')
  }, () => {})
  return result
}

/** SQLite's own waiting grows to a tenth of a second between two looks, and comes too late beside busy writers. */
async function whenFree (path: string, timeout: number, step: () => void, undo: () => void): Promise<void> {
  const deadline = performance.now() + timeout
  for (;;) {
    try {
      step()
      return
    } catch (error) {
      undo()
      if (systemCode(error)?.startsWith('SQLITE_BUSY') !== true) throw error
      if (performance.now() >= deadline) throw locked(path, timeout)
      await wait(ASK_EVERY)
    }
  }
}

function locked (path: string, timeout: number): BackupError {
  const holders = holdersOf(path)
  const who = holders.length === 0 ? 'another process' : `a process that has it open (${describeHolders(holders)})`
  return new BackupError('SOURCE_LOCKED', `"${path}" was locked by ${who} for ${timeout} ms`, {
    hint: 'Wait until the lock is released, stop the process, or set a longer timeout.'
  })
}
