import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { may, nearestExisting, READ, realPathOf, statIfThere, USE } from '../../src/files/access.ts'
import { tempDir } from '../support/temp-dir.ts'

test('what is not there has no status, no rights, and its own path as the real one', async t => {
  const home = tempDir(t)
  writeFileSync(join(home, 'file'), '')
  for (const path of [join(home, 'none'), join(home, 'file', 'in it')]) {
    assert.deepEqual([await statIfThere(path), await may(path, READ), await realPathOf(path)], [undefined, false, path])
  }
})

test('the real path of a link is where it leads, and the rights are those of the file there', async t => {
  const home = tempDir(t)
  const [file, link] = [join(home, 'file'), join(home, 'link')]
  writeFileSync(file, 'four')
  symlinkSync(file, link)
  assert.deepEqual([await realPathOf(link), (await statIfThere(link))?.size, await may(link, READ)], [file, 4, true])
})

test('the nearest path that exists is the path itself or the first above it', async t => {
  const home = tempDir(t)
  mkdirSync(join(home, 'a'))
  assert.equal(await nearestExisting(join(home, 'a/b/c')), join(home, 'a'))
  assert.equal(await nearestExisting(join(home, 'a')), join(home, 'a'))
  assert.ok(await may(join(home, 'a'), USE))
})
