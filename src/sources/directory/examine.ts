import { toBackupError } from '../../core/errors.ts'
import { fail, ok, type SourceFinding } from '../../core/ports/finding.ts'
import { may, READ, statIfThere } from '../../files/access.ts'
import { placeOf } from './place.ts'
import { requireGnuTar } from './gnu-tar.ts'

/**
 * What a backup takes of scratch space at least: of a single file its size. Only a walk through a whole tree shows how
 * large it is. 0: there is nothing.
 */
export async function directorySize (path: string): Promise<number> {
  const found = await statIfThere(path)
  return found === undefined ? 0 : Number(found.size)
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
