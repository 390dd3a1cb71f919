import { stat } from 'node:fs/promises'
import { BackupError, systemCode, type ErrorCode } from '../../core/errors.ts'
import { lackOf, type Lack } from '../../files/no-room.ts'
import type { LocalDisk } from './disk.ts'

const LACKS: Readonly<Record<Lack, readonly [ErrorCode, string, string]>> = {
  room: ['DISK_FULL', 'has no space left', 'Free space there, lower maxBackups, or set BACKUP_DIR to a larger disk.'],
  files: [
    'DISK_FULL',
    'has no free inodes: space is left, but no more files can be created',
    'Remove files there ("df -i" counts them), or set BACKUP_DIR to another disk.'
  ],
  quota: [
    'DISK_FULL',
    'has no space left: the quota of this user is used up',
    'Raise the quota, lower maxBackups, or set BACKUP_DIR to another disk.'
  ],
  size: [
    'FILE_SIZE_LIMIT',
    'would exceed the maximum file size there',
    'Set BACKUP_DIR to a file system without that limit (FAT32 allows 4 GiB), or raise the limit of the process ("ulimit -f", LimitFSIZE).'
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
      return ['STORE_UNAVAILABLE', 'does not exist', 'Mount its disk, or create the directory.']
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
        'Check the directory: another process moved or deleted the file.'
      ]
    case 'EEXIST':
      return ['OBJECT_EXISTS', 'already exists', 'Objects are never overwritten. Choose another name.']
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return [
        'STORE_UNAVAILABLE',
        `is not accessible to this user (${code})`,
        'Give the user of the service read, write and search permission on BACKUP_DIR.'
      ]
    case 'ETIMEDOUT':
      return [
        'STORE_UNAVAILABLE',
        'does not respond (ETIMEDOUT)',
        'Check the server of the network mount.'
      ]
    default:
      return ['STORE_FAILED', `failed (${code})`, 'Check the disk and the system log, then retry.']
  }
}
