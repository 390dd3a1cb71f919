import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contentOf } from '../../src/cli/content.ts'
import type { Manifest } from '../../src/core/backup/manifest.ts'
import { SOURCE_KINDS } from '../../src/sources/index.ts'

const KINDS = new Map(SOURCE_KINDS.map(kind => [kind.name, kind]))

function contentOfKind (kind: string, tables: Manifest['facts']['tables']): string | undefined {
  return contentOf({ source: { kind }, facts: { tables } }, KINDS)
}

test('the content of a database is its tables and rows, also of a kind that is not known', () => {
  const tables = [{ name: 'a', rows: 1 }, { name: 'b', rows: 18 }, { name: 'c', rows: null }]
  assert.equal(contentOfKind('sqlite', tables), '3 tables, 19 rows')
  assert.equal(contentOfKind('unknown', [{ name: 'a', rows: 1 }]), '1 table, 1 row')
})

test('the content of a directory is its files and their bytes', () => {
  const tables = [{ name: 'bytes', rows: 14_000 }, { name: 'directories', rows: 1 }, { name: 'files', rows: 3 }]
  assert.equal(contentOfKind('directory', tables), '3 files in 1 directory, 14.0 kB')
})

test('without a manifest the content is not known', () => {
  assert.equal(contentOf(undefined, KINDS), undefined)
})
