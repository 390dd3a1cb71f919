import { stat } from 'node:fs/promises'
import { BackupError, systemCode, type ErrorCode } from '../../core/errors.ts'
import { lackOf, type Lack } from '../../files/no-room.ts'
import type { LocalDisk } from './disk.ts'

const LACKS: Readonly<Record<Lack, readonly [ErrorCode, string, string]>> = {
  room: ['DISK_FULL', 'has no room left', 'Free space there, lower maxBackups, or set BACKUP_DIR to a larger disk.'],
  files: [
    'DISK_FULL',
    'has no room for another file: bytes are free, and all inodes of the file system are in use',
    'Remove files there ("df -i" counts them), or set BACKUP_DIR to another disk.'
  ],
  quota: [
    'DISK_FULL',
    'has no room left: the quota of this user is used up',
    'Raise the quota, lower maxBackups, or set BACKUP_DIR to another disk.'
  ],
  size: [
    'FILE_SIZE_LIMIT',
    'would be larger than a file may be there',
    'Set BACKUP_DIR to a file system without that limit (FAT32 ends at 4 GiB), or raise the limit of the process ("ulimit -f", LimitFSIZE).'
  ]
}

/**
 * What the system says about the object `key` below `directory`, in the store's own codes. `STORE_UNAVAILABLE` where
 * its file system does not answer.
 */
export async function storeError (
  error: unknown,
  key: string,
  { directory, disk }: { readonly directory: string, readonly disk: LocalDisk }
): Promise<unknown> {
  if (error instanceof BackupError) return error
  const code = systemCode(error)
  // An aborted signal's reason, or an error of the body: not ours to translate.
  if (code === undefined || !(error instanceof Error) || !('syscall' in error)) return error
  // A directory that is gone says nothing about its objects: the disk may not be mounted.
  const missing = key === '' || code !== 'ENOENT'
    ? undefined
    : await disk.ask(() => stat(directory)).then(() => undefined, (reason: unknown) => reason)
  if (missing instanceof BackupError) return missing
  const isDirectory = key === '' || missing !== undefined
  const what = isDirectory ? `the backup directory "${directory}"` : `"${key}" in "${directory}"`
  const lack = lackOf(error, directory)
  const [mapped, text, hint] = lack === undefined ? isDirectory ? directoryMeaning(code) : failureOf(code) : LACKS[lack]
  return new BackupError(mapped, `${what} ${text}`, { hint, cause: error })
}

function directoryMeaning (code: string): readonly [ErrorCode, string, string] {
  switch (code) {
    case 'ENOENT':
      return ['STORE_UNAVAILABLE', 'does not exist', 'Mount the disk that it is on, or create the directory.']
    case 'EEXIST':
    case 'ENOTDIR':
      return ['STORE_UNAVAILABLE', 'is not a directory', 'Set BACKUP_DIR to a directory.']
    default:
      return failureOf(code)
  }
}

function failureOf (code: string): readonly [ErrorCode, string, string] {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return [
        'OBJECT_NOT_FOUND',
        'does not exist',
        'Look into the directory: the file was moved or deleted by somebody else.'
      ]
    case 'EEXIST':
      return ['OBJECT_EXISTS', 'exists already', 'Objects are never overwritten; choose another name.']
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return [
        'STORE_UNAVAILABLE',
        `must not be used by this user (${code})`,
        'Give the user that the service runs as read, write and search permission on BACKUP_DIR.'
      ]
    case 'ETIMEDOUT':
      return [
        'STORE_UNAVAILABLE',
        'does not answer (ETIMEDOUT)',
        'See whether the server of the network mount is there.'
      ]
    default:
      return ['STORE_FAILED', `failed (${code})`, 'Look at the disk and at the log of the system, then try again.']
  }
}
