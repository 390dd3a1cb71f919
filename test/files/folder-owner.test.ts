import assert from 'node:assert/strict'
import { chownSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { giveToFolderOwner, giveToFolderOwnerSync, makeFolders, makeFoldersSync } from '../../src/files/folder-owner.ts'
import { needRoot } from '../support/skip-without.ts'
import { tempDir } from '../support/temp-dir.ts'

const [USER, GROUP] = [65_534, 65_533]

const ownerOf = (path: string): number[] => [statSync(path).uid, statSync(path).gid]

test('what root makes belongs to the owner of the directory, and so do the folders on the way', async t => {
  if (!needRoot(t)) return
  const base = tempDir(t)
  chownSync(base, USER, GROUP)
  assert.equal(await makeFolders(join(base, 'one/two/three'), 0o700), join(base, 'one'))
  makeFoldersSync(join(base, 'one/four/five'), 0o700)
  const handle = await open(join(base, 'one/two/file'), 'wx', 0o600)
  await giveToFolderOwner(handle, join(base, 'one/two')).finally(() => handle.close())
  const fd = openSync(join(base, 'one/four/file'), 'wx', 0o600)
  giveToFolderOwnerSync(fd, join(base, 'one/four'))
  closeSync(fd)
  for (
    const path of ['one', 'one/two', 'one/two/three', 'one/two/file', 'one/four', 'one/four/five', 'one/four/file']
  ) {
    assert.deepEqual(ownerOf(join(base, path)), [USER, GROUP], path)
  }
})

test('what root makes in a directory of its own stays its own, and what another user has put there is not given away', async t => {
  if (!needRoot(t)) return
  const base = tempDir(t)
  await makeFolders(join(base, 'own'), 0o700)
  assert.equal(statSync(join(base, 'own')).uid, 0)
  mkdirSync(join(base, 'service'))
  chownSync(join(base, 'service'), USER, GROUP)
  const fd = openSync(join(base, 'service/file'), 'wx', 0o600)
  chownSync(join(base, 'service/file'), 1, 1)
  giveToFolderOwnerSync(fd, join(base, 'service'))
  closeSync(fd)
  assert.deepEqual(ownerOf(join(base, 'service/file')), [1, 1])
})
