import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ListedEntry } from '../../../src/core/restore/tree.ts'
import { ReferenceTable } from '../../../src/sources/set/reference-table.ts'

const [ONE, TWO] = ['1'.repeat(64), '2'.repeat(64)]

function entry (path: string, given: Partial<ListedEntry> = {}): ListedEntry {
  return { path: Buffer.from(path), type: 'file', original: null, sha256: ONE, isUnreadable: false, ...given }
}

/** The table of the rows after the whole list was read. */
function tableOf (rows: ReadonlyArray<readonly [string, string | null]>, list: readonly ListedEntry[]): ReferenceTable {
  const table = new ReferenceTable()
  for (const [path, sha256] of rows) table.add(Buffer.from(path), sha256)
  for (const one of list) table.find(one)
  if (table.hasLinks) { for (const one of list) table.compareLinks(one) }
  return table
}

function standing (
  path: string,
  sha256: string | null,
  ...list: readonly ListedEntry[]
): readonly [standing: string, isComplete: boolean] {
  const table = tableOf([[path, sha256]], list)
  return [table.standing(Buffer.from(path), sha256), table.isComplete]
}

test('a path is present where an entry of any type has it', () => {
  for (const type of ['file', 'directory', 'symlink'] as const) {
    assert.deepEqual(standing('a', null, entry('a', { type })), ['present', true])
  }
  assert.deepEqual(standing('a', null, entry('b'), entry('a/b')), ['missing', false])
})

test('a SHA-256 must be that of the file', () => {
  assert.deepEqual(standing('a', ONE, entry('a')), ['present', true])
  assert.deepEqual(standing('a', TWO, entry('a')), ['different', false])
  assert.deepEqual(standing('a', TWO, entry('a', { type: 'directory', sha256: null })), ['different', false])
  assert.deepEqual(standing('a', ONE, entry('b')), ['missing', false])
})

test('a row with another SHA-256 changes nothing for the others', () => {
  const table = tableOf([['a', ONE], ['a', TWO], ['a', null]], [entry('a')])
  const standings = [ONE, TWO, null].map(sha256 => table.standing(Buffer.from('a'), sha256))
  assert.deepEqual([standings, table.isComplete], [['present', 'different', 'present'], false])
})

test('the content of a file with holes and of a symbolic link is not compared', () => {
  assert.equal(standing('a', TWO, entry('a', { sha256: null }))[0], 'present')
  assert.equal(standing('a', TWO, entry('a', { type: 'symlink', sha256: null }))[0], 'present')
})

test('a hard link has the content of the file that it is a link to', () => {
  const link = entry('b', { type: 'hardlink', original: Buffer.from('a'), sha256: null })
  assert.deepEqual(standing('b', ONE, entry('a'), link), ['present', true])
  assert.deepEqual(standing('b', TWO, entry('a'), link), ['different', false])
  assert.deepEqual(standing('b', null, entry('a'), link), ['present', true])
  assert.equal(standing('b', TWO, entry('a', { sha256: null }), link)[0], 'present')
  const other = { ...link, path: Buffer.from('c') }
  const table = tableOf([['b', ONE], ['c', ONE], ['c', TWO]], [entry('a'), link, other])
  assert.deepEqual(
    [['b', ONE], ['c', ONE], ['c', TWO]].map(([path = '', sha256 = '']) => table.standing(Buffer.from(path), sha256)),
    ['present', 'present', 'different']
  )
})

test('a file that could not be read is not present', () => {
  assert.deepEqual(standing('a', null, entry('a', { sha256: null, isUnreadable: true })), ['unreadable', false])
})

test('a table without rows is complete', () => {
  assert.equal(tableOf([], [entry('a')]).isComplete, true)
})

test('a quarter of a million paths with a SHA-256 take at most 24 MiB, digests that are no longer used included', () => {
  const table = new ReferenceTable()
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  const path = Buffer.alloc(20)
  for (let number = 0; number < 250_000; number++) {
    path.writeUInt32LE(number)
    table.add(path, ONE)
    if (number % 10_000 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers - before)
  }
  assert.ok(most < 24 * 1024 ** 2, `${most} bytes`)
  assert.equal(table.standing(path, ONE), 'missing')
  table.find({ ...entry(''), path })
  assert.equal(table.standing(path, ONE), 'present')
})

test('more paths than the limit are refused, where one with a SHA-256 counts twice', () => {
  const fill = (count: number, sha256: string | null): void => {
    const table = new ReferenceTable(4096)
    for (let number = 0; number < count; number++) {
      for (let row = 0; row < 2; row++) table.add(Buffer.from(String(number)), sha256)
    }
  }
  fill(4096, null)
  fill(2048, ONE)
  assert.throws(() => {
    fill(4097, null)
  }, {
    code: 'REFERENCES_TOO_MANY',
    message: 'the query names more than 4096 files, where one with a SHA-256 counts twice'
  })
  assert.throws(() => {
    fill(2049, ONE)
  }, { code: 'REFERENCES_TOO_MANY' })
})
