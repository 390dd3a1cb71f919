import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import {
  ROWS_BYTES,
  type DiffOptions,
  type RowDifference,
  type TableDifference
} from '../../../src/core/restore/rows.ts'
import { sqliteRows } from '../../../src/sources/sqlite/rows/rows.ts'
import { toRowValue } from '../../../src/sources/sqlite/rows/value.ts'
import { DEFAULT_LIMITS } from '../../../src/sources/subprocess.ts'
import { restorableOf } from '../../support/sources/images.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

function make (path: string, sql: string): void {
  const db = new Database(path)
  db.pragma('synchronous = off')
  db.exec(sql)
  db.close()
}

async function diff (
  directory: string,
  request: DiffOptions,
  memory = DEFAULT_LIMITS.memory
): Promise<TableDifference> {
  const [before, after] = [join(directory, 'before.db'), join(directory, 'after.db')]
  const { tables } = await sqliteRows(directory, { ...DEFAULT_LIMITS, memory }).diff(
    restorableOf(before),
    restorableOf(after),
    request,
    never
  )
  return tables[0]!
}

test('rows of 25 MB are told in an answer of some kilobytes, within bounded memory', async t => {
  const directory = tempDir(t, { inMemory: true })
  make(
    join(directory, 'before.db'),
    "CREATE TABLE t (id INTEGER PRIMARY KEY, x, y); WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 8) INSERT INTO t SELECT n, zeroblob(25000000), replace(hex(zeroblob(1000)), '00', 'ä') FROM c"
  )
  make(join(directory, 'after.db'), 'CREATE TABLE t (id INTEGER PRIMARY KEY, x, y)')
  const { rows, removed, hasMore } = await diff(directory, { rows: 1000 }, 512 * 1024 * 1024)
  assert.deepEqual([rows.length, removed, hasMore], [8, 8, false])
  assert.deepEqual(rows[0]?.before, {
    id: 1,
    x: {
      blob: '00'.repeat(1024),
      bytes: 25_000_000,
      sha256: createHash('sha256').update(Buffer.alloc(25_000_000)).digest('hex')
    },
    y: { text: 'ä'.repeat(512), bytes: 2000, sha256: createHash('sha256').update('ä'.repeat(1000)).digest('hex') }
  })
  assert.ok(JSON.stringify(rows).length < 64 * 1024)
})

test('a value can be asked for as a whole, and one answer holds no more rows than fit', async t => {
  const directory = tempDir(t, { inMemory: true })
  make(
    join(directory, 'before.db'),
    'CREATE TABLE t (id INTEGER PRIMARY KEY, x); WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 20) INSERT INTO t SELECT n, zeroblob(1000000) FROM c'
  )
  make(join(directory, 'after.db'), 'CREATE TABLE t (id INTEGER PRIMARY KEY, x)')
  const whole = await diff(directory, { rows: 1, from: 3, valueBytes: 1_000_000 })
  assert.deepEqual(whole.rows[0]?.before, { id: 4, x: { blob: '00'.repeat(1_000_000) } })
  const many = await diff(directory, { rows: 20, valueBytes: ROWS_BYTES })
  assert.deepEqual([many.rows.length, many.hasMore, many.removed], [5, true, 20])
  const rest = await diff(directory, { rows: 20, from: 17 })
  assert.deepEqual(rest.rows.map(({ before }) => before?.['id']), [18, 19, 20])
})

for (
  const { kind, key } of [{ kind: 'with a key', key: 'id INTEGER PRIMARY KEY' }, { kind: 'without one', key: 'id' }]
) {
  test(`pages of a table ${kind} give every row once, in the order of one answer`, async t => {
    const directory = tempDir(t, { inMemory: true })
    make(
      join(directory, 'before.db'),
      `CREATE TABLE t (${key}, x); INSERT INTO t VALUES (1, 'gone'), (2, 'gone'), (3, 'old'), (4, 'old'), (5, 'same')`
    )
    make(
      join(directory, 'after.db'),
      `CREATE TABLE t (${key}, x); INSERT INTO t VALUES (3, 'new'), (4, 'new'), (5, 'same'), (6, 'added'), (7, 'added')${
        key === 'id' ? ", (7, 'added'), (7, 'added')" : ''
      }`
    )
    const all = await diff(directory, { rows: 100 })
    const paged: RowDifference[] = []
    let page: TableDifference
    do {
      page = await diff(directory, { rows: 2, from: paged.length })
      assert.equal(page.added + page.removed + page.changed, all.rows.length)
      paged.push(...page.rows)
    } while (page.hasMore)
    assert.deepEqual(paged, all.rows)
    assert.deepEqual((await diff(directory, { rows: 2, from: 100 })).rows, [])
    assert.equal((await diff(directory, { rows: 0 })).hasMore, false)
  })
}

test('a text is cut between two characters, and one that just fits is whole', () => {
  assert.equal(toRowValue('aä', 3), 'aä')
  assert.deepEqual(toRowValue('aä', 2), {
    text: 'a',
    bytes: 3,
    sha256: createHash('sha256').update('aä').digest('hex')
  })
  assert.deepEqual(toRowValue(Buffer.from('abc'), 2), {
    blob: '6162',
    bytes: 3,
    sha256: createHash('sha256').update('abc').digest('hex')
  })
})
