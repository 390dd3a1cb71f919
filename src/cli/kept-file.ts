import { randomUUID } from 'node:crypto'
import { linkSync, lstatSync, rmSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { BackupError, systemCode } from '../core/errors.ts'
import { openFolder, type Folder } from '../files/folder.ts'

/** A file that is to give way, kept beside its place. */
export interface KeptFile {
  readonly path: string
  /** The command that puts it back, for a shell. */
  readonly undo: string
  /** Removes it: nothing gave way. */
  readonly discard: () => void
}

/** What SQLite may have beside a database, and needs to read it. */
const COMPANIONS = ['-wal', '-journal'] as const

/**
 * Gives the file at `path`, with what belongs to it as a database, another name beside it, under which it stays when
 * its place is taken. It is not opened: closing it would drop the locks of a database that this process has open.
 * undefined: there is nothing that could be lost. Throws `RESTORE_TARGET_INVALID`, and leaves nothing behind then.
 */
export function keepFile (path: string): KeptFile | undefined {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined
  const kept = `${path}.before-${randomUUID().slice(0, 8)}`
  const [name, keptName] = [basename(path), basename(kept)]
  const folder = openFolder(dirname(path))
  try {
    const there = ['', ...COMPANIONS].filter(suffix =>
      lstatSync(folder.at(name + suffix), { throwIfNoEntry: false }) !== undefined
    )
    try {
      for (const suffix of there) linkSync(folder.at(name + suffix), folder.at(keptName + suffix))
    } catch (cause) {
      remove(folder, keptName, there)
      throw new BackupError(
        'RESTORE_TARGET_INVALID',
        `"${path}" cannot be renamed to keep it (${systemCode(cause) ?? 'unknown'})`,
        { hint: 'Move the file elsewhere first, or give another path with --output.', cause }
      )
    }
    return {
      path: kept,
      undo: there.map(suffix => `mv ${quote(kept + suffix)} ${quote(path + suffix)}`).join(' && '),
      discard: () => {
        discard(kept, there)
      }
    }
  } finally {
    folder.close()
  }
}

function discard (kept: string, suffixes: readonly string[]): void {
  const folder = openFolder(dirname(kept))
  try {
    remove(folder, basename(kept), suffixes)
  } finally {
    folder.close()
  }
}

function remove (folder: Folder, name: string, suffixes: readonly string[]): void {
  for (const suffix of suffixes) rmSync(folder.at(name + suffix), { force: true })
}

function quote (path: string): string {
  return /^[\w/.:@%+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
