import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contentTypeOf, isPartFormat, isPartName } from '../../../src/core/ports/part.ts'

test('a part has a name that is safe in the name of a file, and that no other name is mistaken for', () => {
  for (const name of ['main', 'globals', 'db/books', 'payloads/files', 'wal_1', 'A-1']) {
    assert.ok(isPartName(name), name)
  }
  for (
    const name of ['', 'all', '.', '..', 'a.b', '/a', 'a/', 'a//b', 'a b', 'ä', 'a\n', 'x'.repeat(64), 'ab/'.repeat(80)]
  ) {
    assert.ok(!isPartName(name), name)
  }
})

test('a format has a short name in lower case', () => {
  for (const format of ['sqlite', 'pg-archive', 'tar', '7z']) assert.ok(isPartFormat(format), format)
  for (const format of ['', 'PG', '-a', 'a b', 'a/b', 'x'.repeat(33)]) assert.ok(!isPartFormat(format), format)
})

test('a format that kinds share has its media type, and any other that of bytes', () => {
  assert.equal(contentTypeOf('json'), 'application/json')
  for (const format of ['memory', 'constructor', '']) assert.equal(contentTypeOf(format), 'application/octet-stream')
})
