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
      'another process holds the catalog',
      'Close the tools that have the catalog open, such as sqlite3, then try again.'
    ]
  }
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') {
    return [
      'CATALOG_CORRUPT',
      'the catalog is damaged',
      'Restart the service: it sets the damaged catalog aside and rebuilds it from the manifests beside the backups.'
    ]
  }
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'EDQUOT') {
    return ['DISK_FULL', 'the catalog could not be written for want of disk space', 'Free space where DATA_DIR is.']
  }
  if (
    code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_READONLY') || code === 'EACCES' || code === 'EPERM' ||
    code === 'EROFS'
  ) {
    return [
      'CATALOG_FAILED',
      `the catalog cannot be opened for writing (${code})`,
      'Give the user that the service runs as write permission on DATA_DIR and everything in it.'
    ]
  }
  return [
    'CATALOG_FAILED',
    `the catalog failed (${code})`,
    'Look at the disk and at the log of the system, then try again.'
  ]
}
