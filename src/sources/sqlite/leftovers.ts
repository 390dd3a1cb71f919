import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs'
import { BackupError } from '../../core/errors.ts'

/**
 * What SQLite keeps beside a database, and how each of them begins: the log with its magic number, the journal with its
 * own or with the zeros of one that is spent, the wal-index with its version in the byte order of the machine.
 * https://sqlite.org/fileformat2.html, https://sqlite.org/walformat.html
 */
const BEGINNINGS: Readonly<Record<string, readonly string[]>> = {
  '-wal': ['377f0682', '377f0683'],
  '-journal': ['d9d505f9', '00000000'],
  '-shm': ['18e22d00', '002de218', '00000000']
}

export const BESIDE = Object.keys(BEGINNINGS)

/**
 * Throws `RESTORE_TARGET_INVALID` where something that is not SQLite's has the name of what is kept beside `path`: it
 * would be removed.
 */
export function requireLeftovers (path: string): void {
  for (const [suffix, beginnings] of Object.entries(BEGINNINGS)) {
    const beside = path + suffix
    const found = lstatSync(beside, { throwIfNoEntry: false })
    if (found === undefined || (found.isFile() && (found.size === 0 || beginnings.includes(beginning(beside))))) {
      continue
    }
    throw new BackupError(
      'RESTORE_TARGET_INVALID',
      `"${beside}" is not a file of SQLite, and a restore would remove it`,
      { hint: 'Move it elsewhere, or choose another path.' }
    )
  }
}

/** Four bytes in hex. */
function beginning (path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const bytes = Buffer.alloc(4)
    return fstatSync(fd).isFile() ? bytes.subarray(0, readSync(fd, bytes, 0, 4, 0)).toString('hex') : ''
  } finally {
    closeSync(fd)
  }
}
