import assert from 'node:assert/strict'
import Database from 'better-sqlite3'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isWhole, type Salvaged } from '../../../src/core/restore/salvage.ts'
import { salvageDatabase } from '../../../src/sources/sqlite/salvage-database.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { sqliteProcess } from '../../support/processes/sqlite-process.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const PAGE = 1024

/** Everything that a table can be and a value can be. */
const VARIETY = `
  CREATE TABLE plain (id INTEGER PRIMARY KEY, name TEXT, value);
  INSERT INTO plain VALUES (-9223372036854775808, 'least', 1.0), (-1, NULL, 0), (0, '', 1), (1, 'Ä ÿ € 𝄞', -129), (9223372036854775807, 'most', 9007199254740993);
  INSERT INTO plain (name, value) VALUES ('null inside' || char(0) || 'x', x'00ff'), ('float', 1e308), ('whole float', 5.0);
  CREATE TABLE big (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB);
  INSERT INTO big (body) VALUES (zeroblob(10)), (randomblob(50000)), (CAST(randomblob(3000) AS TEXT)), (zeroblob(990));
  DELETE FROM big WHERE id = 4;
  CREATE TABLE word (word TEXT, page INTEGER, note TEXT, PRIMARY KEY (word, page)) WITHOUT ROWID;
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO word SELECT 'word ' || i, i % 7, CASE WHEN i % 100 = 0 THEN hex(randomblob(900)) END FROM n;
  CREATE TABLE odd (note TEXT, code TEXT PRIMARY KEY, twice AS (length(code) * 2), kept AS (length(code) * 3) STORED, rowid TEXT) ;
  INSERT INTO odd (note, code, rowid) VALUES ('a', 'x', 'r'), ('b', 'yy', NULL);
  CREATE TABLE "it's ""quoted""" (a, b CHECK (b > 0));
  INSERT INTO "it's ""quoted""" VALUES (1, 2);
  CREATE TABLE strict (id INT PRIMARY KEY, amount REAL, anything ANY) STRICT;
  INSERT INTO strict VALUES (1, 3, 'x'), (2, 4.5, 7);
  CREATE TABLE grown (id INTEGER PRIMARY KEY);
  INSERT INTO grown VALUES (1), (2);
  ALTER TABLE grown ADD COLUMN colour TEXT DEFAULT 'green';
  INSERT INTO grown VALUES (3, NULL);
  CREATE TABLE child (id INTEGER PRIMARY KEY, parent REFERENCES plain (id));
  INSERT INTO child VALUES (1, 0), (2, NULL);
  CREATE INDEX plain_name ON plain (name);
  CREATE VIEW names AS SELECT name FROM plain;
  CREATE TRIGGER shout AFTER INSERT ON grown BEGIN INSERT INTO plain (name) VALUES ('a trigger fired'); END;
  CREATE TABLE empty (x);
  PRAGMA user_version = 42;
  PRAGMA application_id = -7;
`
const FULL_TEXT = "CREATE VIRTUAL TABLE letter USING fts5 (body); INSERT INTO letter VALUES ('dear all'), ('no more');"

function make (path: string, sql: string, before = ''): void {
  const db = new Database(path)
  db.exec(`PRAGMA page_size = ${PAGE}; ${before}; ${sql}`)
  db.close()
}

/** Every definition and every value with its type, as text that can be compared. */
function contentOf (path: string): string[] {
  const db = new Database(path, { readonly: true })
  try {
    const definitions = db.prepare(
      "SELECT type, name, sql FROM sqlite_schema WHERE name NOT GLOB 'sqlite_*' ORDER BY name"
    ).raw().all()
    const tables = db.prepare<[], string>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_stat*' ORDER BY name"
    ).pluck().all()
    const rows = tables.flatMap(name => {
      const columns = db.prepare<[string], string>('SELECT name FROM pragma_table_xinfo(?)').pluck().all(name).map(
        column => `quote("${column.replaceAll('"', '""')}")`
      )
      return db.prepare<[], unknown[]>(
        `SELECT ${columns.join(', ')} FROM "${name.replaceAll('"', '""')}" ORDER BY ${
          columns.map((_, i) => i + 1).join(', ')
        }`
      ).raw().all().map(row => [name, ...row])
    })
    const settings = ['page_size', 'encoding', 'user_version', 'application_id'].map(name =>
      db.pragma(name, { simple: true })
    )
    return [...definitions, ...rows, settings].map(line => JSON.stringify(line))
  } finally {
    db.close()
  }
}

async function recover (path: string, output: string, signal = never): Promise<Salvaged> {
  return await salvageDatabase(path, output, { signal, phase () {}, bytes () {} })
}

function damage (path: string, change: (bytes: Buffer) => void): void {
  const bytes = readFileSync(path)
  change(bytes)
  writeFileSync(path, bytes)
}

for (
  const [name, before] of [['UTF-8', ''], ['UTF-16le', "PRAGMA encoding = 'UTF-16le'"], [
    'UTF-16be',
    "PRAGMA encoding = 'UTF-16be'"
  ], ['auto_vacuum', 'PRAGMA auto_vacuum = FULL']] as const
) {
  test(`what comes out of a database that is whole is all of it, to the last value and its type (${name})`, async t => {
    const [path, output] = [join(tempDir(t), 'a.db'), join(tempDir(t), 'b.db')]
    make(path, VARIETY + FULL_TEXT, before)
    const recovered = await recover(path, output)
    assert.deepEqual(contentOf(output), contentOf(path))
    assert.ok(isWhole(recovered), JSON.stringify(recovered))
    assert.equal(recovered.tables.find(table => table.name === 'word')?.rows, 500)
  })
}

test('a page of a table that is gone costs the rows on it and no other, where SQLite stops at it', async t => {
  const [path, output] = [join(tempDir(t), 'a.db'), join(tempDir(t), 'b.db')]
  make(
    path,
    "CREATE TABLE entry (id INTEGER PRIMARY KEY, note TEXT); CREATE INDEX by_note ON entry (note); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO entry SELECT i, 'note ' || i FROM n"
  )
  const db = new Database(path)
  const [first, ...pages] = db.prepare<[], number>(
    "SELECT pageno FROM dbstat WHERE name = 'entry' AND pagetype = 'leaf' ORDER BY pageno"
  ).pluck().all()
  const rows = db.prepare<[number], number>('SELECT ncell FROM dbstat WHERE pageno = ?').pluck().get(pages[0]!) ?? 0
  db.close()
  assert.ok(first !== undefined && rows > 5)
  damage(path, bytes => bytes.fill(0, (pages[0]! - 1) * PAGE, pages[0]! * PAGE))
  const recovered = await recover(path, output)
  // The index still tells how many there were.
  assert.deepEqual(recovered.tables, [{ name: 'entry', rows: 1000 - rows, readable: 1000 }])
  assert.deepEqual([recovered.damagedPages, recovered.lost, isWhole(recovered)], [1, 0, false])
  assert.deepEqual(recovered.integrity, [])
})

test('rows that no tree leads to any more are in lost_and_found, whole, and none is missing', async t => {
  const [path, output] = [join(tempDir(t), 'a.db'), join(tempDir(t), 'b.db')]
  make(
    path,
    "CREATE TABLE lost_and_found (id INTEGER PRIMARY KEY, note TEXT); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO lost_and_found SELECT i, 'note ' || i FROM n"
  )
  const db = new Database(path)
  const root = db.prepare<[], number>("SELECT rootpage FROM sqlite_schema WHERE name = 'lost_and_found'").pluck().get()!
  db.close()
  damage(path, bytes => bytes.fill(0xff, (root - 1) * PAGE, root * PAGE))
  const recovered = await recover(path, output)
  assert.deepEqual([recovered.lost, recovered.lostTable, recovered.tables], [1000, 'lost_and_found_0', [{
    name: 'lost_and_found',
    rows: 0,
    readable: null
  }]])
  const found = new Database(output, { readonly: true })
  assert.deepEqual(
    found.prepare("SELECT count(*), min(id), max(id), sum(c1 = 'note ' || id) FROM lost_and_found_0").raw().get(),
    [1000, 1, 1000, 1000]
  )
  found.close()
})

test('a wiped record that reads as thousands of values keeps no other row from being saved', async t => {
  const [path, output] = [join(tempDir(t), 'a.db'), join(tempDir(t), 'b.db')]
  const length = 2597
  const filler = Buffer.alloc(length, 0xab)
  const db = new Database(path)
  db.exec(
    "CREATE TABLE good (a, b); CREATE TABLE t (x); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO good SELECT i, 'row ' || i FROM n"
  )
  db.prepare('INSERT INTO t VALUES (?)').run(filler)
  db.close()
  damage(path, bytes => {
    const at = bytes.indexOf(filler)
    // The payload begins with the length of its header, here of two types in three bytes; then comes the value.
    const total = length + 3
    bytes.fill(0, at - 3, at + length)
    bytes[at - 3] = 0x80 | (total >> 7)
    bytes[at - 2] = total & 0x7f
  })
  const recovered = await recover(path, output)
  assert.deepEqual(recovered.tables.find(({ name }) => name === 'good'), { name: 'good', rows: 1000, readable: 1000 })
  assert.equal(recovered.lost, 1)
  assert.match(recovered.problems.join(), /has \d{4} values, of which the first 1000 were saved/)
})

test('a header of zeros takes nothing: the size of the pages is told by the pages', async t => {
  const [path, output] = [join(tempDir(t), 'a.db'), join(tempDir(t), 'b.db')]
  make(path, VARIETY)
  const before = contentOf(path)
  damage(path, bytes => bytes.fill(0, 0, 100))
  const recovered = await recover(path, output)
  assert.deepEqual(contentOf(output).slice(0, -1), before.slice(0, -1))
  assert.deepEqual([isWhole(recovered), recovered.lost], [false, 0])
})

test('what only the write-ahead log holds is saved, and neither it nor the database is touched', async t => {
  const home = tempDir(t)
  const path = join(home, 'a.db')
  make(path, 'PRAGMA journal_mode = WAL; CREATE TABLE entry (id INTEGER PRIMARY KEY); INSERT INTO entry VALUES (1)')
  const writer = await sqliteProcess(t, path, 'INSERT INTO entry VALUES (2), (3)')
  await writer.stop()
  const files = readdirSync(home).map(name => [name, readFileSync(join(home, name))] as const)
  assert.ok(statSync(`${path}-wal`).size > 0)
  const recovered = await recover(path, join(home, 'out.db'))
  assert.deepEqual([recovered.tables, isWhole(recovered)], [[{ name: 'entry', rows: 3, readable: 3 }], true])
  for (const [name, bytes] of files) assert.ok(readFileSync(join(home, name)).equals(bytes), name)
  assert.deepEqual(readdirSync(home).toSorted(), [...files.map(([name]) => name), 'out.db'].toSorted())
})

test('a transaction that a crash left half written is rolled back by the journal beside the file, which stays there', async t => {
  const home = tempDir(t)
  const path = join(home, 'a.db')
  make(
    path,
    "CREATE TABLE entry (id INTEGER PRIMARY KEY, note TEXT); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO entry SELECT i, 'old' FROM n"
  )
  const writer = await sqliteProcess(
    t,
    path,
    "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; UPDATE entry SET note = 'new'"
  )
  await writer.stop()
  const journal = readFileSync(`${path}-journal`)
  assert.ok(readFileSync(path).includes('new'), 'nothing of it was written')
  const recovered = await recover(path, join(home, 'b.db'))
  assert.ok(isWhole(recovered), JSON.stringify(recovered))
  const found = new Database(join(home, 'b.db'), { readonly: true })
  assert.equal(found.prepare("SELECT count(*) FROM entry WHERE note = 'old'").pluck().get(), 2000)
  found.close()
  assert.ok(readFileSync(`${path}-journal`).equals(journal))
})

test('deleted rows on pages that the file calls free do not come back as lost ones', async t => {
  const [path, output] = [join(tempDir(t), 'a.db'), join(tempDir(t), 'b.db')]
  make(
    path,
    'CREATE TABLE a (x); CREATE TABLE b (x); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO b SELECT hex(i) FROM n; INSERT INTO a VALUES (1); DROP TABLE b'
  )
  assert.ok(isWhole(await recover(path, output)))
})

test('nothing is ever written over, and what is left of another database counts as something', async t => {
  const home = tempDir(t)
  const [path, output] = [join(home, 'a.db'), join(home, 'b.db')]
  make(path, VARIETY)
  for (const inTheWay of ['', '-wal', '-shm', '-journal']) {
    writeFileSync(output + inTheWay, 'precious')
    await rejectsWith('RESTORE_TARGET_EXISTS', recover(path, output))
    assert.equal(readFileSync(output + inTheWay, 'utf8'), 'precious')
    rmSync(output + inTheWay)
  }
  await rejectsWith('RESTORE_TARGET_INVALID', recover(path, join(home, 'nowhere', 'b.db')))
})

test('a file in which there is nothing ends with its own code, and leaves nothing', async t => {
  const home = tempDir(t)
  const [path, output] = [join(home, 'a.db'), join(home, 'b.db')]
  await rejectsWith('SOURCE_MISSING', recover(path, output))
  writeFileSync(path, '')
  await rejectsWith('SOURCE_EMPTY', recover(path, output))
  writeFileSync(path, Buffer.alloc(5000, 'words, words, words'))
  await rejectsWith('SOURCE_MALFORMED', recover(path, output))
  await rejectsWith('SOURCE_NOT_A_DATABASE', recover(home, output))
  assert.deepEqual(readdirSync(home), ['a.db'])
})

test('an abort ends it and leaves nothing', async t => {
  const home = tempDir(t)
  const path = join(home, 'a.db')
  make(path, VARIETY)
  for (const at of ['storing', 'restoring']) {
    const abort = new AbortController()
    await assert.rejects(salvageDatabase(path, join(home, 'b.db'), {
      signal: abort.signal,
      phase: phase => {
        if (phase === at) abort.abort()
      },
      bytes () {}
    }))
    assert.deepEqual(readdirSync(home), ['a.db'], at)
  }
})

test('a file that is written to while it is copied is no copy of anything', async t => {
  const home = tempDir(t)
  const path = join(home, 'a.db')
  make(path, VARIETY)
  const bytes = readFileSync(path)
  await rejectsWith(
    'SOURCE_LOCKED',
    salvageDatabase(path, join(home, 'b.db'), {
      signal: never,
      phase () {},
      bytes: () => {
        writeFileSync(path, Buffer.concat([bytes, bytes]))
      }
    })
  )
  assert.ok(!existsSync(join(home, 'b.db')))
})
