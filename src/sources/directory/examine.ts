import { toBackupError } from '../../core/errors.ts'
import { fail, ok, type SourceFinding } from '../../core/ports/finding.ts'
import { may, READ, requireAnswer } from '../../files/access.ts'
import { BLOCK, padded } from '../../files/tar-blocks.ts'
import { excluder } from './exclude.ts'
import { readOptions, type DirectoryValues } from './fields.ts'
import { requireGnuTar } from './gnu-tar.ts'
import { placeOf, type Place } from './place.ts'
import { SILENT, walk } from './walk.ts'

/** Bytes that a block of `stat` has, whatever the file system uses. */
const STAT_BLOCK = 512
/** Blocks of the headers of one member: an extended one with its content, and its own. */
const HEADERS = 3

/** Names whose sizes are added up: a person waits for the answer. */
const MOST_NAMES = 50_000

/**
 * The size of an archive of the source, without the holes of files: of a tree with more names than are looked at, that
 * of an archive of these. Bytes. 0: there is nothing, or it cannot be read.
 */
export async function directorySize (values: DirectoryValues): Promise<number> {
  const { path = '' } = values
  await requireAnswer(path)
  let place: Place
  try {
    place = placeOf(path)
  } catch {
    return 0
  }
  const { exclude, oneFileSystem } = readOptions(values)
  const names = walk({
    top: place.top,
    base: Buffer.from(place.directory),
    isExcluded: place.isFile ? () => false : excluder(exclude),
    oneFileSystem,
    report: SILENT
  })
  let [bytes, count] = [0, 0]
  for (const { type, stats } of names) {
    if (count++ >= MOST_NAMES) break
    const stored = type === 'file' ? Math.min(Number(stats.size), Number(stats.blocks) * STAT_BLOCK) : 0
    bytes += HEADERS * BLOCK + padded(stored)
  }
  return bytes
}

/** Whether the user of this process may read the directory itself. */
export async function examineRights (path: string): Promise<SourceFinding> {
  try {
    const { isFile, directory } = placeOf(path)
    const what = isFile ? 'file' : 'directory'
    return isFile || await may(directory, READ)
      ? ok(`the ${what} "${path}" can be read`)
      : fail(
        `the ${what} "${path}" must not be read by this user`,
        'Give the user of the service read permission on it.'
      )
  } catch (thrown) {
    const { message, hint } = toBackupError(thrown)
    return fail(message, hint ?? 'Correct the path of the source.')
  }
}

/** Whether GNU tar is there. */
export async function examineTar (): Promise<SourceFinding> {
  try {
    return ok(`directories are read by ${await requireGnuTar()}`)
  } catch (thrown) {
    const { message, hint } = toBackupError(thrown)
    return fail(message, hint ?? 'Install GNU tar.')
  }
}
