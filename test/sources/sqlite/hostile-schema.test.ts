import assert from 'node:assert/strict'
import Database from 'better-sqlite3'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { sqliteAssessor } from '../../../src/sources/sqlite/assess.ts'
import { isDefinition } from '../../../src/sources/sqlite/definition-sql.ts'
import { salvageDatabase } from '../../../src/sources/sqlite/salvage-database.ts'
import { sqliteRows } from '../../../src/sources/sqlite/rows/rows.ts'
import { sqliteInspector } from '../../../src/sources/sqlite/sqlite-source.ts'
import { imagesOf, restorableOf } from '../../support/sources/images.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { sourceOf, take } from './support.ts'

/** A neighbour that nothing may touch, and a file with a database in it whose schema holds `rows`. */
function scene (
  t: TestContext,
  rows: (outside: string) => ReadonlyArray<readonly [type: string, name: string, sql: string]>
) {
  const directory = tempDir(t)
  const outside = join(directory, 'outside')
  mkdirSync(outside)
  const payroll = new Database(join(outside, 'payroll.db'))
  payroll.exec("CREATE TABLE salaries (name, amount); INSERT INTO salaries VALUES ('ada', 1000)")
  payroll.close()
  const path = join(directory, 'hostile.db')
  const db = new Database(path)
  db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, x); INSERT INTO t VALUES (1, 10), (2, 20)')
  db.unsafeMode(true)
  db.pragma('writable_schema = on')
  const insert = db.prepare('INSERT INTO sqlite_schema VALUES (?, ?, ?, 0, ?)')
  for (const [type, name, sql] of rows(outside)) insert.run(type, name, 't', sql)
  db.close()
  return { directory, outside, path, untouched: digestsBelow(outside) }
}

function digestsBelow (directory: string): Record<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted()
  return Object.fromEntries(
    names.filter(name => statSync(join(directory, name)).isFile()).map(
      name => [name, createHash('sha256').update(readFileSync(join(directory, name))).digest('hex')]
    )
  )
}

/** Statements that are no definitions, under every type that a row can have. */
function foreignStatements (outside: string): Array<readonly [string, string, string]> {
  const payroll = join(outside, 'payroll.db')
  const statements = [
    `ATTACH '${payroll}' AS z`,
    'UPDATE z.salaries SET amount = 1000000',
    `ATTACH '${join(outside, 'authorized_keys')}' AS k`,
    'CREATE TABLE k.line (x)',
    "INSERT INTO k.line VALUES ('ssh-ed25519 AAAA')",
    `VACUUM INTO '${join(outside, 'copy.db')}'`,
    `/* CREATE TABLE */ ATTACH '${payroll}' AS y`,
    `CREATE TABLE copied AS SELECT writefile('${join(outside, 'written')}', 'x')`,
    'DROP TABLE t',
    'CREATE TRIGGER z.spy AFTER INSERT ON salaries BEGIN UPDATE salaries SET amount = 0; END',
    'PRAGMA writable_schema = on'
  ]
  return ['table', 'index', 'view', 'trigger', 'spell'].flatMap(type =>
    statements.map((sql, at) => [type, `evil ${type} ${at}`, sql] as const)
  )
}

test('recover runs nothing but definitions: what else the schema of the file holds is a problem, and nothing outside changes', async t => {
  const { directory, outside, path, untouched } = scene(t, foreignStatements)
  const output = join(directory, 'fresh.db')
  const recovered = await salvageDatabase(path, output, { signal: never, phase () {}, bytes () {} })
  assert.deepEqual(digestsBelow(outside), untouched)
  assert.equal(recovered.tables.find(({ name }) => name === 't')?.rows, 2)
  for (const name of ['evil index 0', 'evil view 1', 'evil trigger 9', 'evil spell 5', 'evil table 7']) {
    assert.ok(recovered.problems.some(problem => problem.includes(`"${name}"`)), name)
  }
  const fresh = new Database(output, { readonly: true })
  assert.deepEqual(fresh.prepare('SELECT name FROM sqlite_schema').pluck().all(), ['t'])
  assert.deepEqual(fresh.prepare('SELECT x FROM t').pluck().all(), [10, 20])
  fresh.close()
})

test('a table of another kind, of two, or of another name than its row has, is no definition', () => {
  const good: Array<[string, string, string]> = [
    ['table', 't', 'CREATE TABLE t (x)'],
    ['table', 'T', 'create /* a ( */ table -- b\n "t" (x, CHECK (x IN (SELECT 1)))'],
    ['table', 'a "b', 'CREATE TABLE "a ""b"(x) STRICT'],
    ['table', '(', 'CREATE TABLE [(] (x) WITHOUT ROWID'],
    ['index', 'i', 'CREATE UNIQUE INDEX i ON t (x)'],
    ['index', 'i', 'CREATE INDEX `i` ON t (lower(x)) WHERE x > 1'],
    ['view', 'v', 'CREATE VIEW v (a) AS SELECT 1'],
    ['trigger', 'größe', 'CREATE TRIGGER größe AFTER INSERT ON t BEGIN SELECT 1; END'],
    ['virtual table', 'f', 'CREATE VIRTUAL TABLE f USING fts5(x)']
  ]
  for (const [type, name, sql] of good) assert.ok(isDefinition(type, name, sql), sql)
  const bad: Array<[string, string, string]> = [
    ['table', 't', 'CREATE TEMP TABLE t (x)'],
    ['table', 't', 'CREATE TABLE t AS SELECT 1'],
    ['table', 't', 'CREATE TABLE z.t (x)'],
    ['table', 't', 'CREATE TABLE u (x)'],
    ['table', 't', 'CREATE TABLE "t" . u (x)'],
    ['table', 't', 'EXPLAIN CREATE TABLE t (x)'],
    ['table', 't', 'CREATE VIRTUAL TABLE t USING fts5(x)'],
    ['table', 't', '-- CREATE TABLE t (x)'],
    ['table', 't', '/* CREATE TABLE t (x) */ VACUUM'],
    ['table', 't', 'CREATE TABLE IF NOT EXISTS t (x)'],
    ['table', 't', `CREATE TABLE t (x${' '.repeat(1_000_000)})`],
    ['index', 'i', 'CREATE TABLE i (x)'],
    ['view', 'v', 'CREATE TEMP VIEW v AS SELECT 1'],
    ['trigger', 'g', 'CREATE TRIGGER z.g AFTER INSERT ON t BEGIN SELECT 1; END'],
    ['virtual table', 'f', 'CREATE TABLE f (x)'],
    ['constructor', 'f', 'CREATE TABLE f (x)'],
    ['spell', 'f', 'CREATE TABLE f (x)'],
    ['table', 't', '']
  ]
  for (const [type, name, sql] of bad) assert.equal(isDefinition(type, name, sql), false, sql.slice(0, 80))
})

/** Definitions that SQLite takes, and that would have effects where schemas are trusted. */
const ARMED = `
  CREATE TABLE armed (id INTEGER PRIMARY KEY, x, y AS (x + 1), z AS (abs(x)) STORED, CHECK (x <> 'no'));
  INSERT INTO armed (id, x) VALUES (1, 1), (2, 2);
  CREATE INDEX armed_on ON armed (abs(x), printf('%s', x)) WHERE x IS NOT NULL;
  CREATE VIEW endless AS WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c;
  CREATE VIEW loads AS SELECT load_extension('/tmp/none.so');
  CREATE TRIGGER fires AFTER INSERT ON armed BEGIN UPDATE armed SET x = 'fired'; SELECT load_extension('none'); END;
  CREATE TRIGGER also INSTEAD OF INSERT ON endless BEGIN INSERT INTO armed (x) VALUES ('view'); END;
  CREATE VIRTUAL TABLE words USING fts5 (body);
  INSERT INTO words VALUES ('dear all');
  CREATE VIRTUAL TABLE boxes USING rtree (id, lo, hi);
  INSERT INTO boxes VALUES (1, 0, 1);
  CREATE VIEW pages AS SELECT * FROM dbstat;
`

const TOOLS: Readonly<Record<string, (path: string, directory: string) => Promise<unknown>>> = {
  snapshot: (path, directory) => take(sourceOf(path, directory), directory),
  inspect: path => sqliteInspector().inspect(imagesOf(path), null, never),
  assess: path =>
    sqliteAssessor()(path, [{ name: 'rows', sql: 'SELECT count(*) FROM t', equals: 2 }], new Date(0), never),
  diff: (path, directory) =>
    sqliteRows(directory).diff(restorableOf(path), restorableOf(join(directory, 'twin.db')), { rows: 10 }, never),
  'diff with a live database': (path, directory) =>
    sqliteRows(directory).diff(restorableOf(join(directory, 'twin.db')), { location: path }, { rows: 10 }, never),
  plan: (path, directory) =>
    sqliteRows(directory).plan(restorableOf(path), { location: join(directory, 'twin.db') }, rescueOf('t'), never),
  rescue: (path, directory) =>
    sqliteRows(directory).rescue(restorableOf(path), { location: join(directory, 'twin.db') }, rescueOf('t'), never),
  extract: (path, directory) =>
    sqliteRows(directory).extract(restorableOf(path), { table: 't' }, join(directory, 'rows.csv'), never),
  recover: (path, directory) =>
    salvageDatabase(path, join(directory, 'fresh.db'), { signal: never, phase () {}, bytes () {} })
}

function rescueOf (table: string) {
  return { selections: [{ table }], children: false, conflict: 'skip' as const, timeout: 1000 }
}

for (const [tool, run] of Object.entries(TOOLS)) {
  test(`${tool} of a database with hostile definitions changes nothing outside`, async t => {
    for (const rows of [foreignStatements, () => []]) {
      const { directory, outside, path, untouched } = scene(t, rows)
      if (rows !== foreignStatements) new Database(path).exec(ARMED).close()
      cpSync(path, join(directory, 'twin.db'))
      const before = readFileSync(path)
      await run(path, directory).catch((error: unknown) => {
        assert.match((error as { code?: string }).code ?? '', /^SOURCE_|^TABLE_|^ROWS_/)
      })
      assert.deepEqual(digestsBelow(outside), untouched)
      assert.ok(readFileSync(path).equals(before), 'the database itself')
      assert.equal(existsSync(join(directory, 'authorized_keys')), false)
    }
  })
}
