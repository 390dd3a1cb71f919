import { statfsSync } from 'node:fs'
import { BackupError, systemCode } from '../core/errors.ts'

/**
 * What a place lacks for a file to be written: `room`; `files`: bytes are free, and no further file can be made;
 * `quota`: of the user; `size`: no file may be that large.
 */
export type Lack = 'room' | 'files' | 'quota' | 'size'

/**
 * Why the system refused to write a file in `directory` for want of something; undefined: it refused for another
 * reason. To be asked at once, while the directory answers: `ENOSPC` is also what a file system without free inodes
 * says.
 */
export function lackOf (error: unknown, directory: string): Lack | undefined {
  switch (systemCode(error)) {
    case 'ENOSPC':
      return hasNoInodes(directory) ? 'files' : 'room'
    case 'EDQUOT':
      return 'quota'
    case 'EFBIG':
      return 'size'
    default:
      return undefined
  }
}

/** File systems that make inodes as they need them tell of none at all. */
function hasNoInodes (directory: string): boolean {
  try {
    const { files, ffree, bavail } = statfsSync(directory)
    return files > 0 && ffree === 0 && bavail > 0
  } catch {
    // It is gone, too: then nothing more is known.
    return false
  }
}

const LACKS: Readonly<Record<Lack, readonly [string, string]>> = {
  room: ['has no space left', 'Free space there'],
  files: [
    'has no free inodes: space is left, but no more files can be created',
    'Remove files there ("df -i" counts them)'
  ],
  quota: ['has no space left: the quota of this user is used up', 'Raise the quota'],
  size: ['does not allow a file of this size', 'Raise the limit of the process ("ulimit -f", LimitFSIZE)']
}

/**
 * `DISK_FULL` or `FILE_SIZE_LIMIT` where the system refused to write a file in `directory` for want of something;
 * undefined: it refused for another reason. `remedy` is what else helps, as the end of a sentence.
 */
export function noRoom (error: unknown, directory: string, remedy: string): BackupError | undefined {
  const lack = lackOf(error, directory)
  if (lack === undefined) return undefined
  const [what, first] = LACKS[lack]
  return new BackupError(lack === 'size' ? 'FILE_SIZE_LIMIT' : 'DISK_FULL', `"${directory}" ${what}`, {
    hint: `${first}, or ${remedy}.`,
    cause: error
  })
}
