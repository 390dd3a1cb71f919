/**
 * Facts about an error code. Each code has one meaning; docs/errors.md explains it, and a test compares that page with
 * this table.
 *
 * `status` is the HTTP status, `exit` the exit code of the command line, `retry` whether the same call can
 * succeed later without a change by the caller. `title` is shown to every caller, so it names no path.
 */
export interface ErrorFacts {
  readonly status: number
  readonly exit: number
  readonly retry: boolean
  readonly title: string
}

export const ERRORS = {
  VALIDATION_FAILED: { status: 400, exit: 2, retry: false, title: 'the request is not valid' },
  CONFIG_INVALID: { status: 500, exit: 2, retry: false, title: 'the configuration is not valid' },
  CONFIG_DIFFERS: {
    status: 500,
    exit: 2,
    retry: false,
    title: 'the configuration of the command differs from that of the server'
  },
  SERVER_CONFIG_UNREADABLE: {
    status: 500,
    exit: 7,
    retry: false,
    title: 'the configuration of the server cannot be read'
  },
  SECRET_MISSING: {
    status: 500,
    exit: 2,
    retry: false,
    title: 'a secret of the server is not available to the command'
  },
  DATA_DIR_UNSAFE: {
    status: 500,
    exit: 7,
    retry: false,
    title: 'another user can change files in the data directory'
  },
  SOURCE_REQUIRED: { status: 422, exit: 2, retry: false, title: 'no database is configured' },
  ENCRYPTION_MISSING: {
    status: 422,
    exit: 2,
    retry: false,
    title: 'earlier backups of the source are encrypted, and encryption is not configured'
  },
  UNAUTHORIZED: { status: 401, exit: 2, retry: false, title: 'a valid bearer token is required' },
  FORBIDDEN: { status: 403, exit: 2, retry: false, title: 'insufficient role' },
  NOT_FOUND: { status: 404, exit: 4, retry: false, title: 'no such endpoint' },
  BACKUP_NOT_FOUND: { status: 404, exit: 4, retry: false, title: 'there is no such backup' },
  SOURCE_NOT_FOUND: { status: 404, exit: 4, retry: false, title: 'there is no such source' },
  JOB_NOT_FOUND: { status: 404, exit: 4, retry: false, title: 'there is no such job' },
  METHOD_NOT_ALLOWED: { status: 405, exit: 2, retry: false, title: 'this endpoint does not support the HTTP method' },
  BACKUP_IN_PROGRESS: { status: 409, exit: 5, retry: true, title: 'another job is running on the source' },
  BACKUP_BUSY: { status: 409, exit: 5, retry: true, title: 'another job is using the backup' },
  BACKUP_PINNED: { status: 409, exit: 5, retry: false, title: 'the backup is pinned' },
  BACKUP_HAS_CHILDREN: { status: 409, exit: 5, retry: false, title: 'other backups depend on this one' },
  PART_NOT_FOUND: { status: 404, exit: 4, retry: false, title: 'the backup has no such part' },
  CHAIN_BROKEN: { status: 409, exit: 6, retry: false, title: 'a backup that this one depends on is missing' },
  SEGMENT_CONFLICT: {
    status: 409,
    exit: 5,
    retry: false,
    title: 'a log segment with the same name and different content is already stored'
  },
  RECOVERY_TARGET_UNREACHABLE: {
    status: 422,
    exit: 4,
    retry: false,
    title: 'no backup and log cover the recovery target'
  },
  TOO_MANY_PINNED: { status: 409, exit: 5, retry: false, title: 'too many manual backups are pinned' },
  PRUNE_REFUSED: {
    status: 409,
    exit: 5,
    retry: false,
    title: 'the prune would remove too many backups at once'
  },
  BACKUP_LAST_VALID: { status: 409, exit: 5, retry: false, title: 'this is the last valid backup of its source' },
  BACKUP_NOT_COMPLETED: { status: 409, exit: 5, retry: false, title: 'the backup is not completed' },
  BACKUP_DELETED: { status: 410, exit: 4, retry: false, title: 'the backup was removed' },
  BACKUP_FOREIGN: { status: 409, exit: 5, retry: false, title: 'the backup belongs to another installation' },
  BACKUP_NOT_SUSPECT: { status: 409, exit: 5, retry: false, title: 'the backup is not suspect' },
  BACKUP_NOT_IN_TRASH: { status: 409, exit: 5, retry: false, title: 'the backup is not in the trash' },
  JOB_FINISHED: { status: 409, exit: 5, retry: false, title: 'the job has already finished' },
  JOB_ELSEWHERE: { status: 409, exit: 5, retry: false, title: 'another process runs the job' },
  CANCELLED: { status: 409, exit: 130, retry: false, title: 'the job was cancelled' },
  BODY_TOO_LARGE: { status: 413, exit: 2, retry: false, title: 'the request body is too large' },
  RANGE_NOT_SATISFIABLE: { status: 416, exit: 2, retry: false, title: 'the range is outside the object' },
  MEDIA_TYPE_UNSUPPORTED: { status: 415, exit: 2, retry: false, title: 'the media type is not supported' },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    exit: 2,
    retry: false,
    title: 'the idempotency key was used for a different request'
  },
  RATE_LIMITED: { status: 429, exit: 7, retry: true, title: 'too many requests' },
  QUEUE_FULL: { status: 429, exit: 7, retry: true, title: 'the job queue is full' },
  STREAM_LIMIT: { status: 429, exit: 7, retry: true, title: 'the caller has too many open event streams' },
  METHOD_UNSUPPORTED: { status: 422, exit: 2, retry: false, title: 'the source does not support this backup method' },

  SOURCE_INCOMPLETE: { status: 422, exit: 7, retry: true, title: 'a member of the set is missing' },
  SOURCE_MISSING: { status: 422, exit: 7, retry: true, title: 'the source is missing' },
  SOURCE_EMPTY: { status: 422, exit: 7, retry: true, title: 'the database file is empty (0 bytes)' },
  SOURCE_NOT_A_DATABASE: { status: 422, exit: 7, retry: false, title: 'the file is not a database' },
  SOURCE_ENCRYPTED: { status: 422, exit: 7, retry: false, title: 'the database appears to be encrypted' },
  SOURCE_UNREADABLE: { status: 422, exit: 7, retry: false, title: 'the source cannot be read' },
  SOURCE_MALFORMED: { status: 422, exit: 6, retry: false, title: 'the database is malformed' },
  SOURCE_REPLACED: { status: 409, exit: 7, retry: true, title: 'the database was replaced during the backup' },
  SOURCE_OTHER_NAME: {
    status: 422,
    exit: 7,
    retry: false,
    title: 'the database file has another name, under which its log may be'
  },
  SOURCE_UNREACHABLE: { status: 503, exit: 7, retry: true, title: 'the server of the source does not answer' },
  SOURCE_UNAUTHENTICATED: { status: 422, exit: 7, retry: false, title: 'the server refused the role or its password' },
  SOURCE_FORBIDDEN: { status: 422, exit: 7, retry: false, title: 'the role may not read all of the source' },
  SOURCE_SETTING: { status: 422, exit: 7, retry: false, title: 'a setting of the server prevents the backup' },
  SOURCE_LINK_REFUSED: { status: 422, exit: 7, retry: false, title: 'a symbolic link to the database is not followed' },
  SOURCE_LOCKED: { status: 423, exit: 7, retry: true, title: 'another process has an exclusive lock on the database' },
  SOURCE_CHANGED: { status: 409, exit: 7, retry: true, title: 'files of the source changed while they were read' },
  SOURCE_TOOL_MISSING: {
    status: 500,
    exit: 7,
    retry: false,
    title: 'a program that reads the source is missing or too old'
  },
  IMPORT_UNSUPPORTED: { status: 422, exit: 2, retry: false, title: 'the source cannot import such a file' },
  IMPORT_REFUSED: { status: 422, exit: 6, retry: false, title: 'the file is damaged or unsafe and is not imported' },
  HOOK_FAILED: { status: 500, exit: 7, retry: true, title: 'a hook of the source failed' },
  SOURCE_FAILED: { status: 500, exit: 7, retry: true, title: 'reading the database failed' },

  RESTORE_NOT_FOUND: { status: 404, exit: 4, retry: false, title: 'there is no such restore' },
  BACKUP_INVALID: { status: 409, exit: 6, retry: false, title: 'the backup is not valid' },
  BACKUP_INCONSISTENT: { status: 409, exit: 6, retry: false, title: 'the parts of the backup do not fit together' },
  ASSERTION_FAILED: {
    status: 500,
    exit: 6,
    retry: false,
    title: 'an assertion about the backup failed'
  },
  ASSERTION_INCONCLUSIVE: { status: 422, exit: 2, retry: false, title: 'an assertion could not be evaluated' },
  REFERENCES_TOO_MANY: { status: 422, exit: 2, retry: false, title: 'a query names more files than can be checked' },
  QUERY_FAILED: { status: 422, exit: 2, retry: false, title: 'a query on the backup failed' },
  RESTORE_NOT_UNDOABLE: { status: 409, exit: 5, retry: false, title: 'the restore cannot be undone' },
  RESTORE_TARGET_EXISTS: {
    status: 409,
    exit: 5,
    retry: false,
    title: 'the restore target already exists'
  },
  RESTORE_TARGET_INVALID: { status: 422, exit: 2, retry: false, title: 'the restore target is not valid' },
  RESTORE_TARGET_FORBIDDEN: {
    status: 403,
    exit: 2,
    retry: false,
    title: 'the API is not allowed to restore to this target'
  },
  RESTORE_TARGET_UNWRITABLE: {
    status: 422,
    exit: 7,
    retry: false,
    title: 'the service has no permission to write to the restore target'
  },
  RESTORE_TARGET_OPEN: { status: 409, exit: 5, retry: true, title: 'another process has the database open' },
  RESTORE_REQUIREMENT_MISSING: {
    status: 422,
    exit: 7,
    retry: false,
    title: 'the target server lacks something that the backup needs'
  },
  REHEARSAL_IMPOSSIBLE: { status: 500, exit: 7, retry: false, title: 'a drill cannot be performed on this machine' },
  RESTORE_PAGE_SIZE: {
    status: 409,
    exit: 5,
    retry: false,
    title: 'the page size of the database differs from that of the backup'
  },

  RESTORE_FAILED: { status: 500, exit: 7, retry: true, title: 'a program that restores files failed' },
  PATH_NOT_FOUND: { status: 404, exit: 4, retry: false, title: 'the backup has no file with such a path' },
  TABLE_NOT_FOUND: { status: 404, exit: 4, retry: false, title: 'there is no such table' },
  ROWS_IN_THE_WAY: { status: 409, exit: 5, retry: false, title: 'the rows conflict with existing rows' },
  ROWS_REFUSED: { status: 409, exit: 5, retry: false, title: 'the live database rejected the rows' },

  VERIFICATION_FAILED: {
    status: 500,
    exit: 6,
    retry: true,
    title: 'the new backup failed verification'
  },
  CHECKSUM_MISMATCH: { status: 500, exit: 6, retry: false, title: 'the checksum does not match' },
  DECODE_FAILED: { status: 500, exit: 6, retry: false, title: 'the object cannot be decoded' },
  KEY_NOT_FOUND: { status: 404, exit: 4, retry: false, title: 'there is no such key' },
  KEY_MISSING: { status: 409, exit: 5, retry: false, title: 'the private key for the backup is not available here' },
  MANIFEST_INVALID: { status: 500, exit: 6, retry: false, title: 'the manifest is not valid' },
  MANIFEST_UNSIGNED: { status: 409, exit: 6, retry: false, title: 'the manifest is not signed by a trusted key' },

  OBJECT_NOT_FOUND: { status: 404, exit: 4, retry: false, title: 'the object is not in the store' },
  OBJECT_EXISTS: { status: 409, exit: 5, retry: false, title: 'an object with this name is already in the store' },
  OBJECT_REFUSED: {
    status: 409,
    exit: 6,
    retry: false,
    title: 'the object is not a regular file'
  },
  OBJECT_ARCHIVED: { status: 409, exit: 7, retry: true, title: 'the object is in cold storage and cannot be read yet' },
  OBJECT_LOCKED: { status: 409, exit: 5, retry: false, title: 'the object is locked in the store' },
  STORE_NOT_FOUND: { status: 404, exit: 4, retry: false, title: 'there is no such store' },
  STORE_NOT_OF_SOURCE: { status: 409, exit: 5, retry: false, title: 'the source does not use this store' },
  STORE_UNAVAILABLE: { status: 503, exit: 7, retry: true, title: 'the backup store is not available' },
  STORE_FOREIGN: { status: 409, exit: 5, retry: false, title: 'the backup store belongs to another installation' },
  STORE_FAILED: { status: 500, exit: 7, retry: true, title: 'the backup store failed' },
  DISK_FULL: { status: 507, exit: 7, retry: true, title: 'there is not enough free disk space' },
  FILE_SIZE_LIMIT: { status: 507, exit: 7, retry: false, title: 'the file would exceed the maximum file size' },

  CATALOG_BUSY: { status: 503, exit: 7, retry: true, title: 'another process has locked the catalog' },
  CATALOG_CORRUPT: { status: 500, exit: 6, retry: false, title: 'the catalog is damaged' },
  CATALOG_MISSING: { status: 500, exit: 4, retry: false, title: 'there is no catalog in the data directory' },
  CATALOG_TOO_NEW: { status: 500, exit: 7, retry: false, title: 'the catalog was written by a newer version' },
  CATALOG_MIGRATION_CHANGED: {
    status: 500,
    exit: 7,
    retry: false,
    title: 'a migration was changed after it was applied'
  },
  CATALOG_FAILED: { status: 500, exit: 7, retry: true, title: 'the catalog failed' },
  INSTANCE_RUNNING: { status: 500, exit: 5, retry: true, title: 'another server uses the data directory' },

  ADDRESS_UNAVAILABLE: { status: 500, exit: 7, retry: true, title: 'the service cannot listen on its address' },
  INTERRUPTED: { status: 500, exit: 7, retry: true, title: 'the service stopped before the job finished' },
  PROCESS_TIMED_OUT: { status: 503, exit: 7, retry: false, title: 'reading the database exceeded the time limit' },
  PROCESS_OUT_OF_MEMORY: {
    status: 503,
    exit: 7,
    retry: false,
    title: 'reading the database exceeded the memory limit'
  },
  ANSWER_TOO_LARGE: { status: 422, exit: 2, retry: false, title: 'the response would be too large' },
  PROCESS_LIMIT: { status: 503, exit: 7, retry: true, title: 'the system cannot start another process' },
  SHUTTING_DOWN: { status: 503, exit: 7, retry: true, title: 'the service is stopping' },
  INTERNAL: { status: 500, exit: 1, retry: false, title: 'an unexpected error' }
} as const satisfies Record<string, ErrorFacts>

export type ErrorCode = keyof typeof ERRORS

export interface ErrorOptions {
  /** The next step, as one sentence. */
  readonly hint?: string
  readonly cause?: unknown
  /** Facts for programs, such as the id of the conflicting job. They are shown to the caller unchanged. */
  readonly details?: Readonly<Record<string, string | number>>
}

/** The only error that public functions throw. `message` is lowercase, with names in quotes and no full stop. */
export class BackupError extends Error {
  override readonly name = 'BackupError'
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly details: Readonly<Record<string, string | number>> | undefined

  constructor (code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
    this.details = options.details
  }
}

export function isErrorCode (value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value)
}

/** `error` itself if it is a `BackupError`; otherwise a new `INTERNAL` error with `error` as its cause. */
export function toBackupError (error: unknown): BackupError {
  if (error instanceof BackupError) return error
  return new BackupError('INTERNAL', error instanceof Error ? error.message : String(error), { cause: error })
}

/** The system's own code of a failed call, such as `ENOENT`, or undefined. */
export function systemCode (error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
