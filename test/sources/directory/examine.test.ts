import assert from 'node:assert/strict'
import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { directorySize } from '../../../src/sources/directory/examine.ts'
import { noise } from '../../support/streams.ts'
import { take, sourceAt, treeOf } from './taken.ts'

test('the size of a source is about that of its archive: with its content, without what is excluded, and without holes', async t => {
  const path = treeOf(t, { 'a/b': noise(300_000), sparse: 'x', 'cache/c': noise(500_000), d: '' })
  truncateSync(join(path, 'sparse'), 50_000_000)
  const exclude = 'cache'
  const { archive } = await take(sourceAt(t, path, { exclude }))
  const size = await directorySize({ path, exclude })
  assert.ok(Math.abs(size - archive.length) < 10_000, `${size} of ${archive.length}`)
})

test('the size of a single file is its own, and that of nothing is 0', async t => {
  const root = treeOf(t, { file: noise(100_000) })
  assert.ok(await directorySize({ path: join(root, 'file') }) >= 100_000)
  assert.equal(await directorySize({ path: join(root, 'none') }), 0)
})
