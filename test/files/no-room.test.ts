import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { lackOf } from '../../src/files/no-room.ts'
import { localStore } from '../../src/stores/local.ts'
import { ALONE } from '../support/catalog.ts'
import { needRoot } from '../support/need.ts'
import { rejectsWith } from '../support/rejects.ts'
import { bodyOf, never } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'

test('each code of the system is what is lacking, and others are none of it', t => {
  const directory = tempDir(t)
  const lack = (code: string) => lackOf(Object.assign(new Error(code), { code }), directory)
  assert.deepEqual(['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO'].map(lack), ['room', 'quota', 'size', undefined])
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
  assert.match(message, /all inodes of the file system are in use/)
})
