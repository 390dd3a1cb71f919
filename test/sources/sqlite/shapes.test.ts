import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { tempDir } from '../../support/temp-dir.ts'
import { complaints, sourceOf, take } from './support.ts'

interface Shape {
  readonly name: string
  readonly make: (db: Database.Database) => void
  readonly rows?: Readonly<Record<string, number | null>>
}

const SHAPES: readonly Shape[] = [
  {
    name: 'no table at all',
    make: db => {
      db.pragma('user_version = 7')
    },
    rows: {}
  },
  {
    name: 'tables without rows',
    make: db => {
      db.exec('CREATE TABLE a (x); CREATE TABLE b (y)')
    },
    rows: { a: 0, b: 0 }
  },
  {
    name: 'a table WITHOUT ROWID',
    make: db => {
      db.exec("CREATE TABLE a (k TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO a VALUES ('x', 1), ('y', 2)")
    },
    rows: { a: 2 }
  },
  {
    name: 'full-text search',
    make: db => {
      db.exec("CREATE VIRTUAL TABLE doc USING fts5 (body); INSERT INTO doc VALUES ('one'), ('two words')")
    }
  },
  {
    name: 'an R*Tree',
    make: db => {
      db.exec('CREATE VIRTUAL TABLE box USING rtree (id, x0, x1); INSERT INTO box VALUES (1, 0, 2), (2, 1, 3)')
    }
  },
  {
    name: 'full auto-vacuum',
    make: db => {
      db.exec(
        'PRAGMA auto_vacuum = FULL; VACUUM; CREATE TABLE a (x); INSERT INTO a VALUES (zeroblob(200000)), (1); DELETE FROM a WHERE rowid = 1'
      )
    },
    rows: { a: 1 }
  },
  {
    name: 'incremental auto-vacuum',
    make: db => {
      db.exec(
        'PRAGMA auto_vacuum = INCREMENTAL; VACUUM; CREATE TABLE a (x); INSERT INTO a VALUES (zeroblob(200000)), (1); DELETE FROM a WHERE rowid = 1'
      )
    },
    rows: { a: 1 }
  },
  {
    name: 'UTF-16 text',
    make: db => {
      db.exec("PRAGMA encoding = 'UTF-16le'; CREATE TABLE a (x); INSERT INTO a VALUES ('žluťoučký')")
    },
    rows: { a: 1 }
  },
  {
    name: 'awkward table names',
    make: db => {
      db.exec(
        'CREATE TABLE "a""b" (x); CREATE TABLE "__proto__" (x); INSERT INTO "__proto__" VALUES (1); CREATE TABLE "select" (x); CREATE TABLE sqliteish (x)'
      )
    },
    rows: { 'a"b': 0, select: 0, sqliteish: 0 }
  },
  {
    name: 'views, triggers and generated columns',
    make: db => {
      db.exec(
        'CREATE TABLE a (x, y AS (x * 2) STORED); CREATE VIEW v AS SELECT * FROM a; CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END; INSERT INTO a (x) VALUES (1)'
      )
    },
    rows: { a: 1 }
  },
  {
    name: 'rows that break a foreign key',
    make: db => {
      db.exec(
        'PRAGMA foreign_keys = OFF; CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p (id)); INSERT INTO c VALUES (5), (6)'
      )
    },
    rows: { p: 0, c: 2 }
  },
  {
    name: 'references to a table that does not exist',
    make: db => {
      db.exec('PRAGMA foreign_keys = OFF; CREATE TABLE c (p REFERENCES nowhere (id)); INSERT INTO c VALUES (5)')
    },
    rows: { c: 1 }
  }
]

/**
 * Pages come from the file and the log, or from a copy of the file, whatever is in them: the shapes take turns in these
 * modes. Both where SQLite counts or moves pages in another way.
 */
function modesFor ({ name }: Shape, at: number): ReadonlyArray<'wal' | 'delete'> {
  return /vacuum|no table/.test(name) ? ['wal', 'delete'] : at % 2 === 0 ? ['wal'] : ['delete']
}

for (const [at, shape] of SHAPES.entries()) {
  const { name, make, rows } = shape
  for (const journalMode of modesFor(shape, at)) {
    test(`a database with ${name} is backed up and proven (${journalMode})`, async t => {
      const directory = tempDir(t)
      const path = join(directory, 'live.db')
      const db = new Database(path)
      make(db)
      db.pragma(`journal_mode = ${journalMode}`)
      const source = sourceOf(path, directory)
      const taken = await take(source, directory)
      db.close()
      const found = await complaints(taken)
      assert.deepEqual(found, [])
      const counted = new Map(taken.facts.tables.map(table => [table.name, table.rows]))
      for (const [table, count] of Object.entries(rows ?? {})) assert.equal(counted.get(table), count, table)
      assert.ok(
        !existsSync(`${taken.path}-wal`) && !existsSync(`${taken.path}-shm`),
        'the inspection left files beside the image'
      )
    })
  }
}

test('a table whose module is not installed here is left out of the counts and hinders nothing', async t => {
  const directory = tempDir(t)
  const path = join(directory, 'live.db')
  const db = new Database(path)
  db.unsafeMode()
  db.exec(
    "CREATE TABLE a (x); PRAGMA writable_schema = ON; INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES ('table', 'vec', 'vec', 0, 'CREATE VIRTUAL TABLE vec USING unheard_of (x)')"
  )
  db.close()
  const source = sourceOf(path, directory)
  const taken = await take(source, directory)
  assert.deepEqual(taken.facts.tables, [{ name: 'a', rows: 0 }, { name: 'vec', rows: null }])
  const found = await complaints(taken)
  assert.ok(!found.some(text => text.startsWith('row_counts')), found.join())
})

test('a database beyond the lock page at 1 GiB is backed up whole', async t => {
  const directory = tempDir(t)
  const path = join(directory, 'live.db')
  const db = new Database(path)
  db.exec('PRAGMA page_size = 65536; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; CREATE TABLE a (x)')
  const insert = db.prepare('INSERT INTO a VALUES (zeroblob(?))')
  // Straight into the file, not by way of a log.
  for (let i = 0; i < 11; i++) insert.run(100_000_000)
  db.pragma('journal_mode = WAL')
  db.prepare('INSERT INTO a VALUES (?)').run('the last row, in the WAL')
  const source = sourceOf(path, directory)
  const taken = await take(source, directory)
  db.close()
  assert.ok(taken.size > 0x4000_0000)
  assert.deepEqual(await complaints(taken), [])
})
