import { fstatSync, readSync, type Stats } from 'node:fs'
import { BackupError } from '../../core/errors.ts'

const MAGIC = Buffer.from('SQLite format 3\0', 'latin1')
/** Bits a byte above which a sample counts as random; text and databases stay far below, ciphertext is near 8. */
const RANDOM = 7.2
const SAMPLE = 4096
/**
 * The file format write and read version, and their value for a database in WAL mode, which is the highest that is
 * known.
 */
const WRITE_VERSION_AT = 18
const READ_VERSION_AT = 19
const WAL_VERSION = 2
/**
 * The page size (1: 65,536), how often the database was changed, its size in pages, and at which of those changes that
 * was written.
 */
const PAGE_SIZE_AT = 16
const CHANGES_AT = 24
const PAGES_AT = 28
const SIZE_VALID_FOR_AT = 92
/** Page 1 is a page of a table, after the header of the file: https://sqlite.org/fileformat2.html, "B-tree Pages". */
const FIRST_PAGE_AT = 100
const TABLE_PAGES = [0x05, 0x0d]
const FRAGMENTED_AT = FIRST_PAGE_AT + 7
const MOST_FRAGMENTED = 60

/**
 * Looks at the open file `fd` before SQLite does, for errors that say more than SQLite's. Throws `SOURCE_EMPTY`,
 * `SOURCE_NOT_A_DATABASE`, `SOURCE_ENCRYPTED`, or
 * `SOURCE_UNREADABLE` for an unknown version of the format, such as WAL2. Format: https://sqlite.org/fileformat2.html,
 * "The Database Header".
 */
export function checkHeader (fd: number, path: string): { readonly stats: Stats, readonly isWal: boolean } {
  const stats = fstatSync(fd)
  if (!stats.isFile()) {
    throw new BackupError('SOURCE_NOT_A_DATABASE', `"${path}" is not a regular file`, {
      hint: 'Set the path of the source to the database file.'
    })
  }
  if (stats.size === 0) {
    throw new BackupError('SOURCE_EMPTY', `"${path}" has zero bytes`, {
      hint:
        'If the application has not written to it yet, wait until it has. Otherwise the database was truncated: restore a backup.'
    })
  }
  const sample = Buffer.alloc(Math.min(SAMPLE, stats.size))
  readSync(fd, sample, 0, sample.length, 0)
  if (sample.subarray(0, MAGIC.length).equals(MAGIC)) {
    if (!isTablePage(sample) && isRandom(sample.subarray(FIRST_PAGE_AT))) throw encrypted(path)
    const version = Math.max(sample[WRITE_VERSION_AT] ?? 0, sample[READ_VERSION_AT] ?? 0)
    if (version > WAL_VERSION) {
      throw new BackupError(
        'SOURCE_UNREADABLE',
        `"${path}" has version ${version} of the file format, and the highest supported version is ${WAL_VERSION}`,
        { hint: 'Switch the application to a standard journal mode of SQLite, such as "PRAGMA journal_mode = WAL".' }
      )
    }
    return { stats, isWal: sample[READ_VERSION_AT] === WAL_VERSION }
  }
  if (looksEncrypted(sample, stats.size)) throw encrypted(path)
  throw new BackupError('SOURCE_NOT_A_DATABASE', `"${path}" is not a SQLite database`, {
    hint: 'Correct the path of the source: the file does not start with "SQLite format 3".'
  })
}

/**
 * Bytes that the database in the open file `fd` has by its header, without what a WAL adds. SQLite reads nothing behind
 * them, however long the file is: https://sqlite.org/fileformat2.html, "In-header database size". All of the file where
 * the header does not show it.
 */
export function contentSize (fd: number): number {
  const { size } = fstatSync(fd)
  const header = Buffer.alloc(FIRST_PAGE_AT)
  if (readSync(fd, header, 0, header.length, 0) < header.length || !header.subarray(0, MAGIC.length).equals(MAGIC)) {
    return size
  }
  const told = header.readUInt16BE(PAGE_SIZE_AT)
  const pageSize = told === 1 ? 65_536 : told
  const pages = header.readUInt32BE(PAGES_AT)
  // A version of SQLite before 3.7.0 changed the database and left the size as it was.
  const isCurrent = header.readUInt32BE(CHANGES_AT) === header.readUInt32BE(SIZE_VALID_FOR_AT)
  const isPageSize = pageSize >= 512 && (pageSize & (pageSize - 1)) === 0
  return isCurrent && isPageSize && pages > 0 ? Math.min(size, pages * pageSize) : size
}

function encrypted (path: string): BackupError {
  return new BackupError('SOURCE_ENCRYPTED', `"${path}" appears to be an encrypted database (SQLCipher or SEE)`, {
    hint:
      'An encrypted database cannot be read without its key: copy the file while the application is stopped, or export it to an unencrypted database.'
  })
}

/**
 * SQLCipher can leave the first bytes of the file plain (cipher_plaintext_header_size): what follows them is random all
 * the same.
 */
function isTablePage (sample: Buffer): boolean {
  return TABLE_PAGES.includes(sample[FIRST_PAGE_AT] ?? 0) && (sample[FRAGMENTED_AT] ?? 0) <= MOST_FRAGMENTED
}

/** An encrypted database is whole pages of random bytes; a compressed file starts with a magic number of its own. */
function looksEncrypted (sample: Buffer, size: number): boolean {
  const compressed = ['1f8b', '504b', '28b52ffd', '425a68', 'fd377a58', '377abcaf', '25504446', '89504e47', 'ffd8ff']
  const start = sample.subarray(0, 4).toString('hex')
  if (size % 512 !== 0 || compressed.some(magic => start.startsWith(magic))) return false
  return isRandom(sample)
}

function isRandom (sample: Buffer): boolean {
  const counts = new Uint32Array(256)
  for (const byte of sample) counts[byte] = (counts[byte] ?? 0) + 1
  let entropy = 0
  for (const n of counts) if (n > 0) entropy -= n / sample.length * Math.log2(n / sample.length)
  return entropy > RANDOM
}
