import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import { BackupError } from '../../core/errors.ts'
import { giveToFolderOwnerSync } from '../../files/folder-owner.ts'
import { isLocked, lockFile, type LockFile } from './lock-file.ts'

export interface InstanceLock {
  /** Lets go. Safe to call twice. */
  release(): void
}

/** The server of a data directory. */
export interface Holder {
  readonly pid: number
  readonly host: string
  readonly since: string
}

/**
 * Makes this process the only one that serves from `dataDir`, for as long as it lives: the kernel lets go of the lock
 * when it dies, however it dies. Rejects with `INSTANCE_RUNNING`, which tells who holds it, or `CATALOG_FAILED`.
 *
 * Who holds it stands in a file beside it, since nobody else may open a file that this process has locked.
 */
export async function acquireInstanceLock (dataDir: string, clock: Clock): Promise<InstanceLock> {
  const path = join(dataDir, 'holdfast.lock')
  const facts = `${path}.json`
  let held: LockFile | undefined
  try {
    held = await lockFile(path)
    if (held === undefined) throw running(dataDir, readHolder(facts))
    writeHolder(facts, { pid: process.pid, host: hostname(), since: clock.now().toISOString() })
  } catch (error) {
    held?.release()
    throw error instanceof BackupError ? error : failed(dataDir, error)
  }
  return {
    release () {
      if (held === undefined) return
      rmSync(facts, { force: true })
      held.release()
      held = undefined
    }
  }
}

/** The server that holds `dataDir` now; undefined: none. Changes nothing. Throws where it cannot be told. */
export function findServer (dataDir: string): Holder | undefined {
  const path = join(dataDir, 'holdfast.lock')
  const holder = readHolder(`${path}.json`)
  // The file of one that was killed stays behind, so that the lock has the last word.
  return holder !== undefined && existsSync(path) && isLocked(path) ? holder : undefined
}

function running (dataDir: string, holder: Holder | undefined): BackupError {
  const who = holder === undefined
    ? 'another process'
    : `process ${holder.pid} on "${holder.host}", since ${holder.since},`
  return new BackupError('INSTANCE_RUNNING', `${who} uses the data directory "${dataDir}"`, {
    hint: 'Stop that server first, or set a different DATA_DIR for this one.',
    ...holder !== undefined && { details: { ...holder } }
  })
}

function failed (dataDir: string, cause: unknown): BackupError {
  return new BackupError('CATALOG_FAILED', `the data directory "${dataDir}" cannot be locked: ${String(cause)}`, {
    hint:
      'Give the user of the service write permission on DATA_DIR, and delete "holdfast.lock" in it if it is damaged.',
    cause
  })
}

function writeHolder (path: string, holder: Holder): void {
  const unfinished = `${path}.new`
  const fd = openSync(unfinished, 'w', 0o600)
  try {
    giveToFolderOwnerSync(fd, dirname(path))
    writeFileSync(fd, `${JSON.stringify(holder)}\n`)
  } finally {
    closeSync(fd)
  }
  renameSync(unfinished, path)
}

/** undefined: it took the lock this very moment, or died while it wrote. */
function readHolder (path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder
  } catch {
    return undefined
  }
}
