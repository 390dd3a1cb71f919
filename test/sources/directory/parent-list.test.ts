import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { entryLine, FILES_HEADER, type Entry } from '../../../src/sources/directory/entry.ts'
import { ParentList } from '../../../src/sources/directory/parent-list.ts'
import { tempDir } from '../../support/temp-dir.ts'

function entry (name: string): Entry {
  const numbers = { mtime: '1', ctime: '2', mode: 0o644, uid: 0, gid: 0, dev: '3', ino: '4' }
  const content = { sha256: 'a'.repeat(64), offset: 512, stored: 5 }
  return { path: Buffer.from(name), type: 'file', size: 5, ...numbers, ...content, in: 0 }
}

test('the entries of a list are found in its order, over the borders of what is read at once; others are not', async t => {
  const path = join(tempDir(t), 'list')
  const names = Array.from({ length: 3000 }, (_, i) => `file-${String(2 * i).padStart(6, '0')}`)
  writeFileSync(path, FILES_HEADER + names.map(name => entryLine(entry(name))).join(''))
  const list = new ParentList(path)
  let promises = 0
  for (let i = 0; i < 6100; i += 1 + i % 3) {
    const found = list.find(Buffer.from(`file-${String(i).padStart(6, '0')}`))
    if (found instanceof Promise) promises++
    const { path } = await found ?? {}
    assert.equal(path?.toString(), i % 2 === 0 && i < 6000 ? names[i / 2] : undefined, String(i))
  }
  assert.ok(promises > 5 && promises < 50, `${promises} promises`)
})

test('without a parent nothing is found', () => {
  assert.equal(new ParentList(null).find(Buffer.from('a')), undefined)
})
