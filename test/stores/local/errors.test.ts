import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { LocalDisk } from '../../../src/stores/local/disk.ts'
import { storeError } from '../../../src/stores/local/errors.ts'
import { tempDir } from '../../support/temp-dir.ts'

const at = (directory: string) => ({ directory, disk: new LocalDisk(directory) })

function systemError (code: string): Error {
  return Object.assign(new Error(`${code}: it failed`), { code, syscall: 'open' })
}

const codes = {
  ENOENT: ['OBJECT_NOT_FOUND', 'STORE_UNAVAILABLE'],
  ENOTDIR: ['OBJECT_NOT_FOUND', 'STORE_UNAVAILABLE'],
  EEXIST: ['OBJECT_EXISTS', 'STORE_UNAVAILABLE'],
  ENOSPC: ['DISK_FULL', 'DISK_FULL'],
  EDQUOT: ['DISK_FULL', 'DISK_FULL'],
  EFBIG: ['FILE_SIZE_LIMIT', 'FILE_SIZE_LIMIT'],
  EACCES: ['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE'],
  EPERM: ['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE'],
  EROFS: ['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE'],
  ETIMEDOUT: ['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE'],
  EIO: ['STORE_FAILED', 'STORE_FAILED']
} as const
for (const [code, [ofObject, ofDirectory]] of Object.entries(codes)) {
  test(`${code} of an object is ${ofObject}, and of the directory ${ofDirectory}`, async t => {
    const directory = tempDir(t)
    const cause = systemError(code)
    const error = await storeError(cause, 'a.db', at(directory))
    assert.ok(error instanceof BackupError)
    assert.deepEqual([error.code, error.cause], [ofObject, cause])
    assert.ok(error.message.startsWith(`"a.db" in "${directory}" `) && error.hint !== undefined, error.message)
    const other = await storeError(cause, '', at(directory)) as BackupError
    assert.equal(other.code, ofDirectory)
    assert.ok(
      other.message.startsWith(`the backup directory "${directory}" `) && other.hint !== undefined,
      other.message
    )
  })
}

test('an object that is missing because its directory is gone is STORE_UNAVAILABLE', async () => {
  assert.equal(
    (await storeError(systemError('ENOENT'), 'a.db', at('/does/not/exist')) as BackupError).code,
    'STORE_UNAVAILABLE'
  )
})

test("what is not the system's passes through as it is", async () => {
  const others: readonly unknown[] = [
    new BackupError('CANCELLED', 'cancelled'),
    new Error('plain'),
    Object.assign(new Error('coded'), { code: 'ERR_OTHER' }),
    'text',
    undefined
  ]
  for (const error of others) assert.equal(await storeError(error, 'a.db', at('/')), error)
})
