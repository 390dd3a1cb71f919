import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPartName } from '../../../src/core/ports/part.ts'
import { partNames } from '../../../src/sources/set/part-names.ts'

test('the main part of the first member is that of the set, and every other part has the name of its member in front', () => {
  const [audit, payloads] = partNames(['audit', 'payloads'])
  assert.deepEqual([audit('main'), audit('globals'), payloads!('main'), payloads!('files')], [
    'main',
    'audit/globals',
    'payloads/main',
    'payloads/files'
  ])
})

test('names of members that no part may have become valid names, each once', () => {
  const long = 'a'.repeat(64)
  const members = ['x', 'a.b', 'a_b', 'A.b', long, `${long.slice(0, 63)}b`]
  const names = partNames(members).map(name => name('files'))
  assert.equal(new Set(names.map(name => name.toLowerCase())).size, members.length)
  for (const name of names) assert.ok(isPartName(name), name)
})
