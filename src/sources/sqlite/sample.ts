import { fsyncSync, openSync, closeSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import Database from 'better-sqlite3'
import { BackupError, systemCode } from '../../core/errors.ts'
import type { Sample } from '../../core/sample.ts'
import { openFolder, type Folder } from '../../files/folder.ts'
import { noRoom } from '../../files/no-room.ts'
import { fillShop } from './sample-shop.ts'

/** What SQLite would take for a part of the new database. */
const NEXT_TO_IT = ['', '-wal', '-shm', '-journal'] as const
/** Where the header says how the database is written and read, and the value for WAL (https://sqlite.org/fileformat.html). */
const [VERSIONS_AT, WAL] = [18, 2] as const
/** Of a database that others may not read. */
const OWNER_ALONE = 0o600

/** A shop with customers, products and invoices, in WAL mode, as most applications keep theirs. See `MakeSample`. */
export async function makeSample (path: string): Promise<Sample> {
  const taken = NEXT_TO_IT.map(suffix => path + suffix).find(name => existsSync(name))
  if (taken !== undefined) throw exists(taken)
  const db = new Database(':memory:')
  try {
    const tables = fillShop(db)
    const image = db.serialize()
    image.fill(WAL, VERSIONS_AT, VERSIONS_AT + 2)
    write(path, image)
    return { path, size: image.length, tables }
  } finally {
    db.close()
  }
}

function write (path: string, image: Buffer): void {
  let folder: Folder | undefined
  let fd: number | undefined
  try {
    folder = openFolder(dirname(path))
    fd = openSync(folder.at(basename(path)), 'wx', OWNER_ALONE)
    writeFileSync(fd, image)
    fsyncSync(fd)
    fsyncSync(folder.fd)
  } catch (error) {
    if (folder !== undefined && fd !== undefined) rmSync(folder.at(basename(path)), { force: true })
    throw failure(error, path)
  } finally {
    if (fd !== undefined) closeSync(fd)
    folder?.close()
  }
}

function failure (error: unknown, path: string): unknown {
  const code = systemCode(error)
  if (error instanceof BackupError || code === undefined) return error
  if (code === 'EEXIST') return exists(path)
  return noRoom(error, dirname(path), 'give a file on another disk') ??
    new BackupError('RESTORE_TARGET_INVALID', `"${path}" cannot be written (${code})`, {
      hint: 'Give a file in an existing directory in which this user has write permission.',
      cause: error
    })
}

function exists (path: string): BackupError {
  return new BackupError('RESTORE_TARGET_EXISTS', `"${path}" exists`, {
    hint: 'Give another file. Existing files are never overwritten.'
  })
}
