import { BackupError, toBackupError, type ErrorCode } from '../core/errors.ts'

/** Does the work; an error of that code gets the hint that fits the command line, with the flag that helps. */
export async function hinted<T> (code: ErrorCode, hint: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    const error = toBackupError(thrown)
    if (error.code !== code) throw thrown
    throw new BackupError(code, error.message, {
      hint,
      cause: thrown,
      ...error.details !== undefined && { details: error.details }
    })
  }
}
