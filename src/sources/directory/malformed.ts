/**
 * An archive or a list of files that does not follow its format. The message is lowercase and names the place: callers
 * turn it into a failed check or a `BackupError`.
 */
export class MalformedError extends Error {
  override readonly name = 'MalformedError'
}
