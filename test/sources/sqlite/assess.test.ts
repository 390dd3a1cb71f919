import assert from 'node:assert/strict'
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import { BackupError } from '../../../src/core/errors.ts'
import type { Assertion, AssertionResult } from '../../../src/core/restore/drill.ts'
import { sqliteAssessor } from '../../../src/sources/sqlite/assess.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const AT = new Date('2025-11-24T23:30:00.000Z')
const NEVER_ENDS = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n'

/** A database with three orders: of the day of the backup, of the week before, and of long ago. */
function orders (t: Pick<TestContext, 'after'>): string {
  const path = `${tempDir(t)}/orders.db`
  const db = new Database(path)
  db.exec(`
    CREATE TABLE orders (id INTEGER PRIMARY KEY, at TEXT, note);
    INSERT INTO orders (at, note) VALUES ('2025-11-24 08:00:00', 'new'), ('2025-11-18 08:00:00', x'00'), ('2024-01-01 08:00:00', NULL);
  `)
  db.close()
  return path
}

async function assess (path: string, sql: string, bound: Partial<Assertion> = { min: 1 }): Promise<AssertionResult> {
  const [result] = await sqliteAssessor()(path, [{ name: 'one', sql, ...bound }], AT, never)
  return result!
}

test('each assertion is held against the one value that its query gives', async t => {
  const results = await sqliteAssessor()(
    orders(t),
    [
      { name: 'some', sql: 'SELECT count(*) FROM orders', min: 1 },
      { name: 'many', sql: 'SELECT count(*) FROM orders', min: 100 },
      { name: 'first', sql: 'SELECT note FROM orders WHERE id = 1', equals: 'new' }
    ],
    AT,
    never
  )
  assert.deepEqual(results.map(({ name, status, found }) => [name, status, found]), [['some', 'pass', 3], [
    'many',
    'fail',
    3
  ], ['first', 'pass', 'new']])
})

test('a number of SQLite beyond 2^53 is compared by every digit', async t => {
  const path = orders(t)
  const one = async (value: string, bound: Partial<Assertion>): Promise<unknown[]> => {
    const { status, found } = await assess(path, `SELECT ${value}`, bound)
    return [status, found]
  }
  assert.deepEqual(await one('9007199254740993', { equals: '9007199254740993' }), ['pass', '9007199254740993'])
  assert.deepEqual(await one('9007199254740993', { max: 9_007_199_254_740_992 }), ['fail', '9007199254740993'])
  assert.deepEqual(await one('-9223372036854775807 - 1', { min: '-9223372036854775807' }), [
    'fail',
    '-9223372036854775808'
  ])
  assert.deepEqual(await one('2.5', { min: 2.5, max: 2.5 }), ['pass', 2.5])
})

test('":at" is when the backup was begun, whatever the time is now', async t => {
  const path = orders(t)
  const week = (parameter: string): Promise<AssertionResult> =>
    assess(path, `SELECT count(*) FROM orders WHERE datetime(at) > datetime(${parameter}, '-7 days')`)
  assert.deepEqual([(await week(':at')).found, (await week("'now'")).status], [2, 'fail'])
  assert.equal((await assess(path, 'SELECT :at', { equals: AT.toISOString() })).status, 'pass')
})

for (
  const [what, sql, reason] of [
    [
      'names a table that is not there',
      'SELECT count(*) FROM clients',
      /^the query failed: no such table: clients$/
    ],
    ['is no SQL', 'SELECT FROM WHERE', /^the query failed: /],
    ['has several statements', 'SELECT 1; SELECT 2', /^the query failed: /],
    ['writes', 'DELETE FROM orders', /^the statement writes, or returns nothing$/],
    ['writes and gives something', 'DELETE FROM orders RETURNING id', /^the statement writes, or returns nothing$/],
    ['has a parameter that there is not', 'SELECT :since', /^the query failed: /],
    ['gives several rows', 'SELECT id FROM orders', /^the query returns more than one value$/],
    ['gives several columns', 'SELECT 1, 2', /^the query returns more than one value$/],
    ['gives bytes', 'SELECT note FROM orders WHERE id = 2', /^the query returns a blob/]
  ] as const
) {
  test(`a query that ${what} is inconclusive, and changes nothing`, async t => {
    const path = orders(t)
    const before = readFileSync(path)
    const result = await assess(path, sql)
    assert.equal(result.status, 'inconclusive')
    assert.match(result.reason ?? '', reason)
    assert.deepEqual([readFileSync(path), readdirSync(dirname(path))], [before, ['orders.db']])
  })
}

test('a query that gives no row, or NULL, does not hold', async t => {
  const path = orders(t)
  for (const sql of ['SELECT id FROM orders WHERE id = 9', 'SELECT note FROM orders WHERE id = 3']) {
    const { status, reason } = await assess(path, sql)
    assert.deepEqual([status, reason], ['fail', 'the query returned no value'])
  }
})

test('a query that does not end is ended, and the next one has its turn', async t => {
  const results = await sqliteAssessor(3000)(
    orders(t),
    [
      { name: 'endless', sql: NEVER_ENDS, min: 1 },
      { name: 'some', sql: 'SELECT count(*) FROM orders', min: 1 }
    ],
    AT,
    never
  )
  assert.deepEqual(results.map(({ status, reason }) => [status, reason]), [[
    'inconclusive',
    'the query did not finish within 3 seconds'
  ], ['pass', null]])
})

test('whoever cancels is told so, also in the middle of a query', async t => {
  const abort = new AbortController()
  const assessed = sqliteAssessor()(orders(t), [{ name: 'endless', sql: NEVER_ENDS, min: 1 }], AT, abort.signal)
  abort.abort(new BackupError('CANCELLED', 'enough'))
  await rejectsWith('CANCELLED', assessed)
})

test('a file that is no database is no fault of the query', async t => {
  const path = orders(t)
  copyFileSync(path, `${path}.copy`)
  writeFileSync(path, 'this is not a database, and long enough to be sure of that'.repeat(20))
  await rejectsWith('SOURCE_NOT_A_DATABASE', assess(path, 'SELECT 1'))
})
