import { createHash, type Hash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHILDREN } from './children.ts'

/**
 * A digest of what this process would leave if it were killed now: the files of the directory with their modes and
 * times, and its child processes, which may still write. Where two digests are equal, the next start finds the same.
 *
 * The index of a write-ahead log counts for nothing: SQLite builds it anew from the log when nobody has it open.
 */
export function leftBehind (directory: string): string {
  const hash = createHash('sha1')
  addDirectory(hash, directory)
  if (existsSync(CHILDREN)) hash.update(readFileSync(CHILDREN))
  return hash.digest('hex')
}

function addDirectory (hash: Hash, directory: string): void {
  for (const name of readdirSync(directory).toSorted()) {
    if (name.endsWith('-shm')) continue
    const path = join(directory, name)
    // A child may remove it meanwhile.
    const entry = lstatSync(path, { throwIfNoEntry: false })
    if (entry === undefined) continue
    hash.update(`\n${path} ${entry.mode} ${entry.size} ${entry.mtimeMs}\n`)
    if (entry.isDirectory()) addDirectory(hash, path)
    else if (entry.isFile()) hash.update(readFileSync(path))
  }
}
