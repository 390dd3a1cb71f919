import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SqliteError } from 'better-sqlite3'
import { catalogError } from '../../src/catalog/errors.ts'
import { BackupError } from '../../src/core/errors.ts'

const EXPECTED = {
  SQLITE_BUSY: 'CATALOG_BUSY',
  SQLITE_BUSY_SNAPSHOT: 'CATALOG_BUSY',
  SQLITE_LOCKED: 'CATALOG_BUSY',
  SQLITE_CORRUPT: 'CATALOG_CORRUPT',
  SQLITE_CORRUPT_INDEX: 'CATALOG_CORRUPT',
  SQLITE_NOTADB: 'CATALOG_CORRUPT',
  SQLITE_FULL: 'DISK_FULL',
  SQLITE_CANTOPEN: 'CATALOG_FAILED',
  SQLITE_READONLY_DBMOVED: 'CATALOG_FAILED',
  SQLITE_IOERR_FSYNC: 'CATALOG_FAILED'
}

for (const [code, expected] of Object.entries(EXPECTED)) {
  test(`${code} is told as ${expected}, with what to do and its cause`, () => {
    const cause = new SqliteError('as SQLite says it', code)
    const error = catalogError(cause)
    assert.ok(error instanceof BackupError)
    assert.deepEqual([error.code, error.cause], [expected, cause])
    assert.match(error.hint ?? '', /^[A-Z].*\.$/)
  })
}

for (
  const [code, expected] of Object.entries({
    ENOSPC: 'DISK_FULL',
    EDQUOT: 'DISK_FULL',
    EACCES: 'CATALOG_FAILED',
    EPERM: 'CATALOG_FAILED',
    EROFS: 'CATALOG_FAILED',
    EIO: 'CATALOG_FAILED'
  })
) {
  test(`${code} of the system is told as ${expected}`, () => {
    const error = catalogError(Object.assign(new Error('no'), { code }))
    assert.ok(error instanceof BackupError)
    assert.equal(error.code, expected)
  })
}

test('an error of ours passes as it is', () => {
  const error = new BackupError('BACKUP_NOT_FOUND', 'no')
  assert.equal(catalogError(error), error)
})
