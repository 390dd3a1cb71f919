import assert from 'node:assert/strict'
import { renameSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { SILENT, walk } from '../../../src/sources/directory/walk.ts'
import { treeOf } from './taken.ts'

test('a directory that is exchanged for a symbolic link while it is listed leads nowhere else', t => {
  const outside = treeOf(t, { 'a/secret': '1', 'sub/secret': '2' })
  const root = treeOf(t, { 'd/a': '1', 'd/sub/own': '2', e: '3' })
  const inode = statSync(join(root, 'd/a'), { bigint: true }).ino
  const names: string[] = []
  const found = walk({
    top: Buffer.from('.'),
    isExcluded: () => false,
    oneFileSystem: false,
    base: Buffer.from(root),
    report: SILENT
  })
  for (const { path, type, stats } of found) {
    names.push(`${path.toString()} ${type}`)
    if (path.toString() === 'd/a') assert.equal(stats.ino, inode)
    if (path.toString() !== 'd') continue
    renameSync(join(root, 'd'), join(root, 'old'))
    symlinkSync(outside, join(root, 'd'))
  }
  assert.deepEqual(names, ['. directory', 'd directory', 'd/a file', 'd/sub directory', 'd/sub/own file', 'e file'])
})
