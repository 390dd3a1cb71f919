import { SqliteError } from 'better-sqlite3'
import { BackupError, systemCode, type ErrorCode } from '../core/errors.ts'

/** Turns what SQLite or the system says about the catalog into its codes. What is not theirs passes through. */
export function catalogError (error: unknown): unknown {
  if (error instanceof BackupError) return error
  const code = error instanceof SqliteError ? error.code : systemCode(error)
  if (code === undefined) return error
  const [mapped, message, hint] = meaning(code)
  return new BackupError(mapped, message, { hint, cause: error })
}

function meaning (code: string): readonly [ErrorCode, string, string] {
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return [
      'CATALOG_BUSY',
      'another process has locked the catalog',
      'Close the tools that have the catalog open, such as sqlite3, then try again.'
    ]
  }
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') {
    return [
      'CATALOG_CORRUPT',
      'the catalog is damaged',
      'Restart the service: it keeps the damaged catalog under another name and builds a new one from the manifests.'
    ]
  }
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'EDQUOT') {
    return [
      'DISK_FULL',
      'the catalog could not be written because the disk is full',
      'Free space on the disk of DATA_DIR.'
    ]
  }
  if (
    code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_READONLY') || code === 'EACCES' || code === 'EPERM' ||
    code === 'EROFS'
  ) {
    return [
      'CATALOG_FAILED',
      `the catalog cannot be opened for writing (${code})`,
      'Give the user of the service write permission on DATA_DIR and everything in it.'
    ]
  }
  return [
    'CATALOG_FAILED',
    `the catalog failed (${code})`,
    'Check the disk and the system log, then retry.'
  ]
}
