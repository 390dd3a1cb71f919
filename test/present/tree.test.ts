import assert from 'node:assert/strict'
import { test } from 'node:test'
import { presentTreeEntry, treeEntrySchema } from '../../src/present/tree.ts'
import { aTreeEntry } from '../support/builders/tree.ts'

test('a file is shown with its mode in octal and its time in ISO 8601', () => {
  const view = presentTreeEntry(aTreeEntry())
  assert.deepEqual(treeEntrySchema.strict().parse(view), view)
  assert.deepEqual([view.path, view.path64, view.mode, view.modified, view.unreadable], [
    'payloads/2025/one.json',
    null,
    '0640',
    '2025-11-24T23:30:01.000Z',
    false
  ])
})

test('the bytes of a path that is not UTF-8 are shown, too, so that a program can find the file', () => {
  const view = presentTreeEntry(
    aTreeEntry({ path: String.raw`caf\xe9`, pathBytes: Buffer.from([0x63, 0x61, 0x66, 0xe9]), mode: 0o4755 })
  )
  assert.deepEqual(treeEntrySchema.strict().parse(view), view)
  assert.deepEqual([view.path, view.path64, view.mode], [String.raw`caf\xe9`, 'Y2Fm6Q==', '4755'])
})
