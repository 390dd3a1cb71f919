import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { lackOf, noRoom } from '../../src/files/no-room.ts'
import { localStore } from '../../src/stores/local/local.ts'
import { ALONE } from '../support/catalog/catalog.ts'
import { needRoot } from '../support/skip-without.ts'
import { rejectsWith } from '../support/rejects.ts'
import { bodyOf, never } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'

test('each code of the system is what is lacking, and others are none of it', t => {
  const directory = tempDir(t)
  const lack = (code: string) => lackOf(Object.assign(new Error(code), { code }), directory)
  assert.deepEqual(['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO'].map(lack), ['room', 'quota', 'size', undefined])
})

test('each lack has its code and remedy, and what is none of it is undefined', t => {
  const directory = tempDir(t)
  const refused = (code: string) => noRoom(Object.assign(new Error(code), { code }), directory, 'name another place')
  assert.deepEqual(
    ['ENOSPC', 'EDQUOT', 'EFBIG'].map(code => refused(code)).map(error => [error?.code, error?.message, error?.hint]),
    [
      ['DISK_FULL', `"${directory}" has no space left`, 'Free space there, or name another place.'],
      [
        'DISK_FULL',
        `"${directory}" has no space left: the quota of this user is used up`,
        'Raise the quota, or name another place.'
      ],
      [
        'FILE_SIZE_LIMIT',
        `"${directory}" does not allow a file of this size`,
        'Raise the limit of the process ("ulimit -f", LimitFSIZE), or name another place.'
      ]
    ]
  )
  assert.equal(refused('EIO'), undefined)
})

test('a store on a file system without free inodes says so', async t => {
  if (!needRoot(t)) return
  const disk = mkdtempSync(join(tmpdir(), 'holdfast-inodes-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,nr_inodes=4', 'tmpfs', disk])
  t.after(() => {
    execFileSync('umount', ['-l', disk])
    rmdirSync(disk)
  })
  const store = localStore({ directory: disk, instanceId: 'test', presence: ALONE, now: () => new Date(0) })
  for (const name of ['a', 'b', 'c']) writeFileSync(join(disk, name), '')
  const { message } = await rejectsWith('DISK_FULL', store.put('d', bodyOf('one'), {}, never))
  assert.match(message, /has no free inodes/)
})
