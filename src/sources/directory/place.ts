import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { BackupError, systemCode } from '../../core/errors.ts'
import { ROOT } from './entry-path.ts'

/** Where a source really is. */
export interface Place {
  /** The directory that names of the backup are relative to: an absolute path without symbolic links. */
  readonly directory: string
  /** The first entry: `.`, or the name of the file where the source is one. */
  readonly top: Buffer
  readonly isFile: boolean
}

/**
 * Where `path` leads: a symbolic link to the source itself is followed, none within it is. Throws `SOURCE_MISSING` or
 * `SOURCE_UNREADABLE`.
 */
export function placeOf (path: string): Place {
  try {
    const real = realpathSync.native(path)
    const stats = statSync(real)
    if (stats.isDirectory()) {
      accessSync(real, constants.R_OK | constants.X_OK)
      return { directory: real, top: ROOT, isFile: false }
    }
    if (!stats.isFile()) {
      throw new BackupError('SOURCE_UNREADABLE', `"${path}" is neither a directory nor a regular file`, {
        hint: 'Set the path of the source to a directory or to a regular file.'
      })
    }
    accessSync(real, constants.R_OK)
    return { directory: dirname(real), top: Buffer.from(basename(real)), isFile: true }
  } catch (error) {
    throw placeError(error, path)
  }
}

/** The error of a call on the source at `path`; an error with a code of this program stays as it is. */
export function placeError (error: unknown, path: string): unknown {
  const code = systemCode(error)
  if (error instanceof BackupError || code === undefined) return error
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new BackupError('SOURCE_MISSING', `"${path}" does not exist`, {
      hint: 'Correct the path of the source, or mount its disk.',
      cause: error
    })
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new BackupError('SOURCE_UNREADABLE', `the user of the service may not read "${path}"`, {
      hint: 'Give this user read permission on it, and search permission on its directories.',
      cause: error
    })
  }
  return new BackupError('SOURCE_UNREADABLE', `"${path}" cannot be read (${code})`, {
    hint: 'Check the disk or the server of the mount; the log of the system has the reason.',
    cause: error
  })
}
