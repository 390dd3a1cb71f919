import assert from 'node:assert/strict'
import { mkdirSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { treeSize } from '../../src/files/tree-size.ts'
import { noise } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'

test('a tree takes the blocks of everything in it, without the holes of files and without where links lead', async t => {
  const [tree, elsewhere] = [tempDir(t), tempDir(t)]
  writeFileSync(join(elsewhere, 'large'), noise(1_000_000))
  mkdirSync(join(tree, 'a/b'), { recursive: true })
  writeFileSync(join(tree, 'a/b/file'), noise(100_000))
  truncateSync(join(tree, 'a/b/file'), 10_000_000_000)
  symlinkSync(elsewhere, join(tree, 'link'))
  const found = await treeSize(tree, 100) ?? assert.fail()
  assert.equal(found.isWhole, true)
  assert.ok(found.bytes >= 100_000 && found.bytes < 300_000, `${found.bytes}`)
  const file = join(tree, 'a/b/file')
  assert.deepEqual(await treeSize(file, 0), { bytes: statSync(file).blocks * 512, isWhole: true })
})

test('of more names than may be looked at it is at least the size of those; of nothing there is none', async t => {
  const tree = tempDir(t)
  for (let i = 0; i < 5; i++) writeFileSync(join(tree, String(i)), noise(100_000))
  const [all, some] = [await treeSize(tree, 5), await treeSize(tree, 2)]
  assert.deepEqual([all?.isWhole, some?.isWhole], [true, false])
  assert.ok((some?.bytes ?? 0) >= 200_000 && (some?.bytes ?? 0) < (all?.bytes ?? 0))
  assert.equal(await treeSize(join(tree, 'none'), 5), undefined)
})
