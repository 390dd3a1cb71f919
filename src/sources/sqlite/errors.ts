import { BackupError, systemCode, type ErrorCode } from '../../core/errors.ts'

/**
 * Turns what SQLite or the system says about the database at `path` into the source's own codes. SQLite's message is
 * repeated where its code leaves open what is wrong; it names a part of the schema, and no content.
 */
export function sourceError (error: unknown, path: string): BackupError {
  if (error instanceof BackupError) return error
  const resource = systemCode(error) === 'SQLITE_FULL' ? undefined : resourceError(error, `reading "${path}"`)
  if (resource !== undefined) return resource
  const code = systemCode(error) ?? ''
  const [mapped, text, hint] = code.startsWith('SQLITE_ERROR') ? refusal((error as Error).message) : meaning(code)
  return new BackupError(mapped, `"${path}" ${text}`, { hint, cause: error })
}

/**
 * The error for a value, a sort or a query that needs more memory, time or disk than it may, whatever the database is
 * like: `PROCESS_OUT_OF_MEMORY`, `PROCESS_TIMED_OUT`, `DISK_FULL`. undefined: the error is of another kind. `what`:
 * `the integrity check`.
 */
export function resourceError (error: unknown, what: string): BackupError | undefined {
  const code = systemCode(error) ?? ''
  const text = `${what} ended with ${code}`
  if (code === 'SQLITE_NOMEM' || code === 'SQLITE_IOERR_NOMEM' || code === 'SQLITE_TOOBIG') {
    return new BackupError('PROCESS_OUT_OF_MEMORY', `${text}: it needs more memory than the limit`, {
      hint: 'Find an index, a CHECK constraint or a view of the database that produces very large values.',
      cause: error
    })
  }
  if (code === 'SQLITE_INTERRUPT') {
    return new BackupError('PROCESS_TIMED_OUT', `${text}: it was interrupted`, { hint: 'Try again.', cause: error })
  }
  if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_WRITE') {
    return new BackupError('DISK_FULL', `${text}: the disk has no space for its temporary files`, {
      hint: 'Free space for temporary files: in SCRATCH_DIR, in /var/tmp and in /tmp.',
      cause: error
    })
  }
  return undefined
}

/** A statement that SQLite cannot run, mostly for want of something that the application has added to its own. */
function refusal (message: string): ReturnType<typeof meaning> {
  return [
    'SOURCE_FAILED',
    `cannot be processed: SQLite reports "${message}"`,
    'A function, collation, tokenizer or module of the application is not available here: run the operation in the application, or export the rows with "holdfast rescue --csv".'
  ]
}

function meaning (code: string): readonly [ErrorCode, string, string] {
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return ['SOURCE_MISSING', 'does not exist', 'Correct the path of the source, or create the database first.']
  }
  if (code === 'EISDIR') {
    return ['SOURCE_NOT_A_DATABASE', 'is a directory', 'Set the path of the source to the database file.']
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return [
      'SOURCE_UNREADABLE',
      'is not readable for this user',
      'Give the user of the service read permission on the file and search permission on its directories.'
    ]
  }
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'SQLITE_FULL') {
    return [
      'DISK_FULL',
      'could not be copied to the scratch directory, which has too little space',
      'Free space on the disk of SCRATCH_DIR, or set it to a larger disk.'
    ]
  }
  if (code === 'EFBIG') {
    return [
      'FILE_SIZE_LIMIT',
      'could not be copied to the scratch directory, because it exceeds the maximum file size there',
      'Set SCRATCH_DIR to a file system without that limit, or raise the limit of the process ("ulimit -f").'
    ]
  }
  if (code === 'SQLITE_NOTADB') {
    return [
      'SOURCE_NOT_A_DATABASE',
      'is not a SQLite database',
      'Correct the path of the source; if the database is encrypted, it can only be backed up as a file.'
    ]
  }
  if (code.startsWith('SQLITE_CORRUPT')) {
    return [
      'SOURCE_MALFORMED',
      'is damaged: SQLite reports that it is malformed',
      'Run "PRAGMA integrity_check" on it, and keep the backups from before the damage.'
    ]
  }
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED') || code === 'SQLITE_PROTOCOL') {
    return [
      'SOURCE_LOCKED',
      'is locked by another process',
      'Wait until the other process releases the lock, stop it, or raise SOURCE_BUSY_TIMEOUT_MS.'
    ]
  }
  if (
    code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_READONLY') || code === 'SQLITE_PERM' ||
    code === 'SQLITE_AUTH'
  ) {
    return [
      'SOURCE_UNREADABLE',
      'cannot be opened by this user',
      'Give the user of the service read permission on the database, and write permission on its "-wal" and "-shm" files or on their directory.'
    ]
  }
  if (/^SQLITE_IOERR_(?:FSYNC|DIR_FSYNC|TRUNCATE|DELETE|SHM)/.test(code)) {
    return [
      'SOURCE_FAILED',
      `could not be written (${code})`,
      'Check the disk and the system log, then retry.'
    ]
  }
  return [
    'SOURCE_FAILED',
    `could not be read (${code === '' ? 'unknown reason' : code})`,
    'Check the disk and the system log, then retry.'
  ]
}
