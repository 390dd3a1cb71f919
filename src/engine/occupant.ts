import { realpath } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { systemCode } from '../core/errors.ts'
import type { Occupant } from './deps.ts'

export interface Places {
  /** Paths of our own, of files and of directories with all that is in them, each with its name in words. */
  readonly own: ReadonlyArray<{ readonly path: string, readonly what: string }>
  readonly sources: ReadonlyArray<{ readonly name: string, readonly location: string }>
}

/** Whose place `path` is, also by another name of it: through links of directories, or as what SQLite keeps beside a database. */
export async function occupantOf (path: string, { own, sources }: Places): Promise<Occupant | undefined> {
  const real = await realPath(path)
  const bare = real.replace(/-(?:wal|shm|journal)$/, '')
  for (const place of own) {
    const there = await realPath(place.path)
    if (bare === there || isInside(real, there)) return { source: null, what: place.what }
  }
  for (const { name, location } of sources) {
    if (bare === await realPath(location)) return { source: name, what: `the database of the source "${name}"` }
  }
  return undefined
}

function isInside (path: string, directory: string): boolean {
  const way = relative(directory, path)
  return way !== '' && way !== '..' && !way.startsWith('../')
}

/** Also of what does not exist yet, in a directory that does. */
async function realPath (path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || dirname(path) === path) return path
    return join(await realPath(dirname(path)), basename(path))
  }
}
