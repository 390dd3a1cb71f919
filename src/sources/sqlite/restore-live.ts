import { closeSync, fsyncSync, openSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type Database from 'better-sqlite3'
import { BackupError, systemCode } from '../../core/errors.ts'
import type { Placement } from '../../core/restore/restore.ts'
import type { ImageOutline } from './restore-protocol.ts'
import { holdersOf } from './holders.ts'
import { describeHolders } from '../proc.ts'
import {
  checkByTable,
  checkIntegrity,
  describeUnchecked,
  describeViolations,
  violationsIn,
  type Integrity
} from './integrity.ts'
import { openImmutable, openShared } from './open.ts'
import { countOpened, requireOpened } from './opened.ts'
import { requireLiveRights, restoreError } from './rights.ts'

/** Pages that are copied between two tellings of the progress: about 64 MiB. */
const STEP = 16_384
/** How often to ask whether the database is free. Milliseconds. */
const ASK_EVERY = 1
/** A frame of the write-ahead log is a page and this many bytes. */
const FRAME_HEADER = 24

interface Shape {
  readonly isWal: boolean
  readonly pageSize: number
}

/**
 * Throws what would keep the image from being written into the live database: it is not there or damaged, pages of
 * another size in WAL mode, too little room for the log of the transaction. Changes nothing.
 */
export function checkLive (
  { size: bytes, properties: { pageSize } }: ImageOutline,
  { path: target, timeout }: Placement
): void {
  requirePresent(target)
  requireLiveRights(target)
  const shape = shapeOf(target, timeout)
  if (typeof pageSize === 'number' && shape.isWal && shape.pageSize !== pageSize) {
    throw new BackupError(
      'RESTORE_PAGE_SIZE',
      `"${target}" is in WAL mode with pages of ${shape.pageSize} bytes, and the backup has pages of ${pageSize}`,
      {
        hint: 'Stop the application and restore with the mode "replace", which can change the page size.'
      }
    )
  }
  const needed = shape.isWal ? bytes + bytes / shape.pageSize * FRAME_HEADER : Math.max(bytes, statSync(target).size)
  const { bavail, bsize } = statfsSync(dirname(target))
  if (bavail * bsize < needed) {
    throw new BackupError(
      'DISK_FULL',
      `on the disk of "${target}" ${bavail * bsize} bytes are free, and the transaction of the restore needs ${
        Math.ceil(needed)
      }`,
      { hint: 'Free space there, or restore to another path.' }
    )
  }
}

function requirePresent (target: string): void {
  if (statSync(target, { throwIfNoEntry: false }) === undefined) {
    throw new BackupError('SOURCE_MISSING', `"${target}" does not exist`, {
      hint: 'Restore with the mode "replace", which creates a new file.'
    })
  }
}

function shapeOf (target: string, timeout: number): Shape {
  let db: Database.Database | undefined
  try {
    db = openShared(target, { readonly: false, busyTimeout: timeout })
    return {
      isWal: db.pragma('journal_mode', { simple: true }) === 'wal',
      pageSize: db.pragma('page_size', { simple: true }) as number
    }
  } catch (error) {
    const code = systemCode(error) ?? ''
    if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) {
      throw new BackupError('SOURCE_MALFORMED', `"${target}" is damaged and cannot be written`, {
        hint: 'Stop the application and restore with the mode "replace".',
        cause: error
      })
    }
    throw restoreError(error, target)
  } finally {
    db?.close()
  }
}

/**
 * Writes the image into the live database through SQLite's backup API, in one transaction: others see the old content
 * before the commit and the new one after it, and a crash leaves the old one. Durable when it resolves, but for what
 * the returned warnings say. Rejects with
 * `SOURCE_LOCKED`, which names the processes, where the others did not let go in time.
 * https://sqlite.org/c3ref/backup_finish.html
 */
export async function restoreLive (
  image: string,
  { path: target, timeout }: Placement,
  onBytes: (bytes: number) => void
): Promise<string[]> {
  const source = openImmutable(image)
  const pageSize = source.pragma('page_size', { simple: true }) as number
  const deadline = performance.now() + timeout
  try {
    for (;;) {
      const before = countOpened(target)
      let isChecked = false
      const { totalPages } = await source.backup(target, {
        progress ({ totalPages: all, remainingPages }) {
          // The transaction is open, and no page is written yet: what is thrown here rolls it back.
          if (!isChecked) requireOpened(target, before)
          isChecked = true
          onBytes((all - remainingPages) * pageSize)
          return STEP
        }
      })
      // No page at all was counted where the database was busy: nothing has begun then.
      if (totalPages > 0) break
      if (performance.now() >= deadline) throw locked(target, timeout)
      await wait(ASK_EVERY)
    }
  } catch (error) {
    if (systemCode(error) === 'SQLITE_FULL') {
      throw new BackupError('DISK_FULL', `the disk of "${target}" has no space for the transaction of the restore`, {
        hint: 'Free space there, or restore to another path.',
        cause: error
      })
    }
    throw restoreError(error, target)
  } finally {
    source.close()
  }
  return attempt('a power failure could lose the commit, because the log could not be synced', () => {
    syncLog(target)
  })
}

/** What a look through the restored database found. */
export interface LiveInspection {
  /** What is wrong with pages, trees or indexes; null: nothing. */
  readonly damage: string | null
  readonly warnings: readonly string[]
}

/**
 * Looks through the database after the content was committed. Others write again already, so the content need not be
 * that of the image any more. Never throws: what cannot be checked is a warning, since the content is in its place.
 */
export function inspectLive (placement: Placement): LiveInspection {
  const warnings = [...attempt('the log could not be checkpointed into the file', () => {
    bringHome(placement.path)
  })]
  let damage: string | null = null
  warnings.push(...attempt('the restored database could not be checked', () => {
    const found = lookThrough(placement)
    if (found.structural.length > 0) damage = found.structural.join('; ')
    if (violationsIn(found) > 0) warnings.push(describeViolations(found))
    if (found.unchecked.length > 0) warnings.push(`a check was ${describeUnchecked(found)}`)
  }))
  return { damage, warnings }
}

/** The warnings for work that is tried once the content is in its place. */
function attempt (what: string, work: () => void): string[] {
  try {
    work()
    return []
  } catch (error) {
    return [`${what}: ${error instanceof Error ? error.message : String(error)}`]
  }
}

/**
 * Otherwise whoever commits next has to bring the whole content from the log into the file, and stands still meanwhile.
 * A log that is in use cannot be cut, which does no harm: it is used again from its beginning.
 */
function bringHome (target: string): void {
  const db = openShared(target, { readonly: false, busyTimeout: 0 })
  try {
    db.pragma('wal_checkpoint(PASSIVE)')
    db.pragma('wal_checkpoint(TRUNCATE)')
  } catch (error) {
    if (systemCode(error)?.startsWith('SQLITE_BUSY') !== true) throw error
  } finally {
    db.close()
  }
}

/** Without a write-ahead log nobody can write meanwhile: then one table is looked through after the other. */
function lookThrough ({ path, timeout }: Placement): Integrity {
  const db = openShared(path, { readonly: true, busyTimeout: timeout })
  try {
    const isWal = db.pragma('journal_mode', { simple: true }) === 'wal'
    return isWal ? checkIntegrity(db, 'quick_check') : checkByTable(db, 'quick_check')
  } catch (error) {
    if (!/^SQLITE_(?:CORRUPT|NOTADB)/.test(systemCode(error) ?? '')) throw error
    return { structural: [(error as Error).message], violations: new Map(), unchecked: [] }
  } finally {
    db.close()
  }
}

function locked (target: string, timeout: number): BackupError {
  const holders = holdersOf(target)
  const who = holders.length === 0 ? 'another process' : `a process that has it open (${describeHolders(holders)})`
  return new BackupError('SOURCE_LOCKED', `"${target}" was locked by ${who} for ${timeout} ms`, {
    hint: 'Wait until the lock is released, stop the process, or set a longer timeout.'
  })
}

/** In WAL mode a commit need not be on the disk yet; a descriptor of the log can be closed without harm to any lock. */
function syncLog (target: string): void {
  try {
    const log = openSync(`${target}-wal`, 'r')
    fsyncSync(log)
    closeSync(log)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
}
