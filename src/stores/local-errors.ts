import { existsSync } from 'node:fs'
import { BackupError, systemCode, type ErrorCode } from '../core/errors.ts'

/** What the system says about the object `key` below `directory`, in the store's own codes. */
export function storeError (error: unknown, key: string, directory: string): unknown {
  if (error instanceof BackupError) return error
  const code = systemCode(error)
  // An aborted signal's reason, or an error of the body: not ours to translate.
  if (code === undefined || !(error instanceof Error) || !('syscall' in error)) return error
  // A directory that is gone says nothing about its objects: the disk may not be mounted.
  const isDirectory = key === '' || (code === 'ENOENT' && !existsSync(directory))
  const what = isDirectory ? `the backup directory "${directory}"` : `"${key}" in "${directory}"`
  const [mapped, text, hint] = isDirectory ? directoryMeaning(code) : meaning(code)
  return new BackupError(mapped, `${what} ${text}`, { hint, cause: error })
}

function directoryMeaning (code: string): readonly [ErrorCode, string, string] {
  switch (code) {
    case 'ENOENT': return ['STORE_UNAVAILABLE', 'does not exist', 'Mount the disk that it is on, or create the directory.']
    case 'EEXIST': case 'ENOTDIR': return ['STORE_UNAVAILABLE', 'is not a directory', 'Set BACKUP_DIR to a directory.']
    default: return meaning(code)
  }
}

function meaning (code: string): readonly [ErrorCode, string, string] {
  switch (code) {
    case 'ENOENT': case 'ENOTDIR': return ['OBJECT_NOT_FOUND', 'does not exist', 'Look into the directory: the file was moved or deleted by somebody else.']
    case 'EEXIST': return ['OBJECT_EXISTS', 'exists already', 'Objects are never overwritten; choose another name.']
    case 'ENOSPC': case 'EDQUOT': case 'EFBIG': return ['DISK_FULL', 'has no room left', 'Free space there, lower maxBackups, or set BACKUP_DIR to a larger disk.']
    case 'EACCES': case 'EPERM': case 'EROFS': return ['STORE_UNAVAILABLE', `must not be used by this user (${code})`, 'Give the user that the service runs as read, write and search permission on BACKUP_DIR.']
    default: return ['STORE_FAILED', `failed (${code})`, 'Look at the disk and at the log of the system, then try again.']
  }
}
