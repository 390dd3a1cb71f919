import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import { BackupError } from '../../../src/core/errors.ts'
import type { NamedFile } from '../../../src/core/ports/query.ts'
import { PATH_LIMIT } from '../../../src/sources/sqlite/query-record.ts'
import { sqliteQuery } from '../../../src/sources/sqlite/query.ts'
import { DEFAULT_LIMITS } from '../../../src/sources/subprocess.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { imagesOf } from '../../support/sources/images.ts'
import { allOf, never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const DIGEST = 'AB'.repeat(32)
const COUNT = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n'

function database (t: Pick<TestContext, 'after'>, sql = '', encoding = 'UTF-8'): string {
  const path = `${tempDir(t)}/audit.db`
  const db = new Database(path)
  db.pragma(`encoding = '${encoding}'`)
  db.exec(`
    CREATE TABLE payloads (id INTEGER PRIMARY KEY, path, sha256);
    INSERT INTO payloads (path, sha256) VALUES ('a/one.json', '${DIGEST}'), (x'636166e9', NULL), (NULL, 'ignored');
    ${sql}`)
  db.close()
  return path
}

async function query (path: string, sql: string): Promise<readonly NamedFile[]> {
  return await allOf(sqliteQuery().namedFiles(imagesOf(path), sql, never))
}

for (const encoding of ['UTF-8', 'UTF-16']) {
  test(`gives text and blobs as bytes, and the SHA-256 in lowercase, from a ${encoding} database`, async t => {
    const path = database(t, "INSERT INTO payloads (path) VALUES ('Grüße ☃')", encoding)
    const first = { path: Buffer.from('a/one.json'), sha256: DIGEST.toLowerCase() }
    const others = [
      { path: Buffer.from([0x63, 0x61, 0x66, 0xe9]), sha256: null },
      { path: null, sha256: null },
      { path: Buffer.from('Grüße ☃'), sha256: null }
    ]
    const sql = 'SELECT path, sha256 FROM payloads ORDER BY id'
    assert.deepEqual(await query(path, sql), [first, ...others])
    assert.deepEqual(await query(path, `${sql}; `), [first, ...others])
    assert.deepEqual(await query(path, `${sql} -- by id;`), [first, ...others])
    assert.deepEqual(await query(path, 'SELECT path FROM payloads ORDER BY id'), [
      { ...first, sha256: null },
      ...others
    ])
  })
}

test('text that is no UTF-8 keeps its bytes', async t => {
  const path = database(t, "UPDATE payloads SET path = CAST(x'636166e9' AS TEXT) WHERE id = 1")
  assert.deepEqual(
    (await query(path, 'SELECT path FROM payloads WHERE id = 1'))[0]?.path,
    Buffer.from('636166e9', 'hex')
  )
})

test('a table with the name that the query is given is read as well', async t => {
  const path = database(t, "CREATE TABLE named (path); INSERT INTO named VALUES ('b')")
  assert.deepEqual(await query(path, 'SELECT path FROM named'), [{ path: Buffer.from('b'), sha256: null }])
})

for (
  const [what, sql, reason] of [
    ['names a table that is not there', 'SELECT path FROM files', /^the query failed: no such table: files$/],
    ['is no SQL', 'SELECT FROM WHERE', /^the query failed: /],
    ['attaches a database', "ATTACH 'other.db' AS other", /does not begin with SELECT/],
    ['has several statements', "SELECT 1; ATTACH 'other.db' AS other", /has more than one statement/],
    ['writes', 'DELETE FROM payloads RETURNING path', /does not begin with SELECT/],
    ['writes within WITH', 'WITH x AS (SELECT 1) DELETE FROM payloads RETURNING path', /^the query writes$/],
    ['sets a pragma', 'PRAGMA journal_mode = DELETE', /does not begin with SELECT/],
    ['loads an extension', "SELECT load_extension('/tmp/hostile.so')", /^the query failed: /],
    ['writes a file', "SELECT writefile('stolen', 'x')", /^the query failed: no such function: writefile$/],
    ['has a parameter', 'SELECT :at', /^the query has the parameter ":at"; it cannot have parameters$/],
    ['gives three columns', 'SELECT path, sha256, id FROM payloads', /returns 3 columns/],
    ['gives numbers', 'SELECT id FROM payloads', /returns a number instead of a path in row 1/],
    ['gives numbers from its second row on', "VALUES ('a'), (1.5)", /returns a number instead of a path in row 2/],
    ['gives another digest', "SELECT 'a', 'sha256:abc'", /^the query returns "sha256:abc" instead of a SHA-256 in hex/],
    ['gives a digest of bytes', "SELECT 'a', zeroblob(32)", /^the query returns no text instead of a SHA-256/],
    ['gives a path that is too long', `SELECT zeroblob(${PATH_LIMIT + 1})`, /returns a path of 32769 bytes in row 1/]
  ] as const
) {
  test(`a query that ${what} is refused, and changes nothing`, async t => {
    const path = database(t)
    const before = readFileSync(path)
    const { message } = await rejectsWith('QUERY_FAILED', query(path, sql))
    assert.match(message, reason)
    assert.deepEqual([readFileSync(path), readdirSync(dirname(path))], [before, ['audit.db']])
  })
}

test('a query that never ends is ended, whether it gives rows or not', async t => {
  const images = imagesOf(database(t))
  const impatient = sqliteQuery(DEFAULT_LIMITS, 3000)
  for (const sql of [`${COUNT}) SELECT max(i) FROM n`, `${COUNT}) SELECT 'a' FROM n`]) {
    let last: NamedFile | undefined
    const { message } = await rejectsWith(
      'QUERY_FAILED',
      (async () => {
        for await (const file of impatient.namedFiles(images, sql, never)) last = file
      })()
    )
    assert.equal(message, 'the query did not finish within 3 seconds')
    assert.equal(last !== undefined, sql.includes("'a'"))
  }
})

test('a query that takes too much memory is ended', async t => {
  const frugal = sqliteQuery({ memory: 200 * 1024 ** 2 })
  const sql = `${COUNT} LIMIT 100000) SELECT group_concat(hex(zeroblob(500000)), '') FROM n`
  const { message } = await rejectsWith(
    'QUERY_FAILED',
    allOf(frugal.namedFiles(imagesOf(database(t)), sql, never))
  )
  assert.match(message, /memory/)
})

test('rows come one by one, in no more memory than a part of them takes, and a reader may stop', async t => {
  const sql = `${COUNT} LIMIT 100000) SELECT printf('%02000d', i), '${DIGEST}' FROM n`
  const given = sqliteQuery({ memory: 150 * 1024 ** 2 }).namedFiles(imagesOf(database(t)), sql, never)
  let rows = 0
  for await (const { path } of given) {
    rows++
    assert.equal(Number(path), rows)
  }
  assert.equal(rows, 100_000)
  const stopped = sqliteQuery().namedFiles(imagesOf(database(t)), `${COUNT}) SELECT 'a' FROM n`, never)
  const files = stopped[Symbol.asyncIterator]()
  assert.deepEqual((await files.next()).value?.path, Buffer.from('a'))
  await files.return?.()
})

test('an abort ends the query, and its reason is the error', async t => {
  const abort = new AbortController()
  const endless = sqliteQuery().namedFiles(imagesOf(database(t)), `${COUNT}) SELECT 'a' FROM n`, abort.signal)
  const running = (async () => {
    for await (const { path } of endless) if (path !== null) abort.abort(new BackupError('CANCELLED', 'enough'))
  })()
  await rejectsWith('CANCELLED', running)
})

test('a file that is no database is damage, and no fault of the query', async t => {
  const path = database(t)
  writeFileSync(path, 'this is not a database, and long enough to be sure of that'.repeat(20))
  await rejectsWith('BACKUP_INVALID', query(path, 'SELECT 1'))
})
