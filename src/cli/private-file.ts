import { open } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { BackupError, systemCode } from '../core/errors.ts'
import { openFolder, type Folder } from '../files/folder.ts'

/**
 * Writes a file that only this user can read, durably, and never over another. Throws `VALIDATION_FAILED`, and
 * `RESTORE_TARGET_INVALID` for a link on the way that is not followed (`followedPath`).
 */
export async function writePrivateFile (path: string, text: string): Promise<void> {
  let folder: Folder | undefined
  try {
    folder = openFolder(dirname(path))
    const file = await open(folder.at(basename(path)), 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof BackupError) throw error
    if (systemCode(error) === 'EEXIST') {
      throw new BackupError('VALIDATION_FAILED', `"${path}" already exists`, {
        hint: 'Give another file: the existing one may be a key that backups need.',
        cause: error
      })
    }
    throw new BackupError('VALIDATION_FAILED', `"${path}" cannot be written (${systemCode(error) ?? 'unknown'})`, {
      hint: 'Give a file in a directory in which this user has write permission.',
      cause: error
    })
  } finally {
    folder?.close()
  }
}
