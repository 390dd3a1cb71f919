import { closeSync, openSync, readSync, constants } from 'node:fs'
import { join } from 'node:path'
import { counted } from '../../core/counted.ts'
import { ok, skipped, warn, type SourceFinding } from '../../core/ports/finding.ts'
import { isClusterFile, SQLITE_MAGIC } from './database-inside.ts'
import { shownPath } from './entry-path.ts'
import { excluder } from './exclude.ts'
import { readOptions, type DirectoryValues } from './fields.ts'
import { placeOf, type Place } from './place.ts'
import { named, Tally } from './tally.ts'
import { SILENT, walk } from './walk.ts'

/** Names that are looked at: a person waits for the answer. */
const MOST_NAMES = 50_000

/**
 * Whether the directory contains databases that the backup would copy file by file, while they may be in use. Opens
 * files: a process that has a connection to one of these databases must not ask. Looks at a limited number of names.
 */
export async function examineDatabases (values: DirectoryValues): Promise<SourceFinding> {
  const { path = '' } = values
  let place: Place
  try {
    place = placeOf(path)
  } catch {
    return skipped(`"${path}" cannot be read`)
  }
  const { exclude, oneFileSystem } = readOptions(values)
  const found = new Tally()
  const names = walk({
    top: place.top,
    base: Buffer.from(place.directory),
    isExcluded: place.isFile ? () => false : excluder(exclude),
    oneFileSystem,
    report: SILENT
  })
  let count = 0
  for (const { path: name, type } of names) {
    if (++count > MOST_NAMES) break
    if (type === 'file' && isDatabase(place, name)) found.add(shownPath(name))
  }
  if (found.count > 0) {
    return warn(
      `"${path}" contains ${counted(found.count, 'database')}, whose copy may be unusable if in use: ${named(found)}`,
      'Add each SQLite database as a source of its own, and its name to "exclude" of this source.'
    )
  }
  return ok(
    count > MOST_NAMES
      ? `no database is among the first ${MOST_NAMES} names in "${path}"`
      : `no database is in "${path}"`
  )
}

function isDatabase ({ directory }: Place, name: Buffer): boolean {
  if (isClusterFile(name)) return true
  try {
    const fd = openSync(
      Buffer.concat([Buffer.from(join(directory, '/')), name]),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
    )
    try {
      const header = Buffer.alloc(SQLITE_MAGIC.length)
      return readSync(fd, header) === header.length && header.equals(SQLITE_MAGIC)
    } finally {
      closeSync(fd)
    }
  } catch {
    return false
  }
}
