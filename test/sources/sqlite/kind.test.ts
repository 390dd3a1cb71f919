import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sqlite } from '../../../src/sources/sqlite/kind.ts'

test('a SQLite source is where its path is', () => {
  const values = { path: '/srv/shop.db' }
  assert.deepEqual([sqlite.place(values), sqlite.paths(values)], ['/srv/shop.db', [{
    field: 'path',
    path: '/srv/shop.db'
  }]])
  assert.deepEqual([sqlite.place({}), sqlite.paths({})], ['', []])
})

test('a database that is missing, empty or damaged needs no safety backup, and one that is locked does', () => {
  const { empty, damaged } = sqlite.unsecurable
  assert.deepEqual(empty, ['SOURCE_MISSING', 'SOURCE_EMPTY'])
  assert.deepEqual(damaged, [
    'SOURCE_MALFORMED',
    'SOURCE_NOT_A_DATABASE',
    'SOURCE_ENCRYPTED',
    'SOURCE_UNREADABLE',
    'SOURCE_FAILED'
  ])
})

test('a restore goes into the running database unless another mode is asked for', () => {
  assert.deepEqual(sqlite.modes.map(({ name }) => name), ['live', 'replace'])
})

test('how to restore by hand fits on a page of 80 characters', () => {
  for (const line of sqlite.byHand.note.split('\n')) assert.ok(line.length < 80, line)
})
