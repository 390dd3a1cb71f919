import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import { holdfast } from '../support/cli.ts'
import { commandLine, type CommandLine, type CommandLineOptions } from '../support/command-line.ts'
import { sqliteSource } from '../../src/sources/sqlite/sqlite-source.ts'
import { tempDir } from '../support/temp-dir.ts'

interface Bench extends CommandLine {
  readonly home: string
  names (): unknown[]
}

const PEOPLE = "PRAGMA journal_mode = WAL; CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, photo BLOB); INSERT INTO person VALUES (1, 'Ann', x'00ff'), (2, 'Bob', NULL), (3, 'Cid', NULL); CREATE VIRTUAL TABLE words USING fts5 (text)"
const SINCE = "DELETE FROM person WHERE id = 1; UPDATE person SET name = 'Cyd' WHERE id = 3; INSERT INTO person VALUES (4, 'Dan', NULL)"

async function bench (t: TestContext, options: CommandLineOptions = {}): Promise<Bench> {
  const home = tempDir(t)
  const path = join(home, 'people.db')
  const live = new Database(path)
  t.after(() => live.close())
  live.exec(PEOPLE)
  const line = await commandLine(t, { ...options, deps: { cwd: home, ...options.deps }, sources: [sqliteSource({ name: 'people', path, busyTimeout: 1000, scratchDir: home })] })
  await line.create({ compression: 'zstd' })
  live.exec(SINCE)
  return { ...line, home, names: () => live.prepare('SELECT name FROM person ORDER BY id').pluck().all() }
}

test('diff shows what was removed, changed and added, and the rows where they are asked for', async t => {
  const { holdfast, deps } = await bench(t)
  const { code, out } = await holdfast('diff', '1', '--rows', '5')
  assert.equal(code, 0)
  assert.match(out, /^TABLE +REMOVED +CHANGED +ADDED +SAME\nperson +1 +1 +1 +1\n\nperson\n {2}- id=1, name="Ann", photo=x'00ff'\n {2}~ id=3, name: "Cid" → "Cyd"\n {2}\+ id=4, name="Dan", photo=null\n\nnot compared: words/)
  assert.deepEqual((await deps.catalog.audit.list({ limit: 9 })).entries.map(({ action, target }) => [action, target]), [['diff', 'backup 1']])
  assert.match((await holdfast('diff', '1', '1')).out, /✓ backup 1 and backup 1 have the same rows in 1 table/)
  assert.deepEqual([(await holdfast('diff', '1', 'dead')).code, (await holdfast('diff', '1', '--table', 'no')).code, (await holdfast('diff', '1', '--rows', '1001')).code], [2, 4, 2])
})

test('rescue shows its plan and asks on a terminal; only a yes writes', async t => {
  const answers = [false, true]
  const { holdfast, names } = await bench(t, { columns: 80, environment: { NO_COLOR: '1' }, deps: { ask: async () => answers.shift() ?? false } })
  assert.match((await holdfast('rescue', '1', '--table', 'person')).out, /person +3 +1 +1 +1\nin the way: "person" 3 stands there with other values\n\nnothing was written\n$/)
  assert.deepEqual(names(), ['Bob', 'Cyd', 'Dan'])
  assert.match((await holdfast('backup', 'rescue', '1', '--table', 'person')).out, /✓ Brought back 1 row of backup 1\n$/)
  assert.deepEqual(names(), ['Ann', 'Bob', 'Cyd', 'Dan'])
})

test('a plan that is refused is shown and not asked about', async t => {
  const { holdfast, names } = await bench(t, { columns: 80, environment: { NO_COLOR: '1' }, deps: { ask: () => assert.fail('asked') } })
  const { code, out } = await holdfast('rescue', '1', '--table', 'person', '--conflict', 'fail')
  assert.equal(code, 5)
  assert.match(out, /in the way: "person" 3 stands there with other values\nso that no row at all is written\n/)
  assert.match((await holdfast('rescue', '1', '--table', 'person', '--conflict', 'fail', '--dry-run')).out, /0 rows of backup 1 would be brought back\n$/)
  assert.deepEqual(names(), ['Bob', 'Cyd', 'Dan'])
})

test('nobody is asked whether to write nothing', async t => {
  const { holdfast } = await bench(t, { deps: { ask: () => assert.fail('asked') } })
  assert.match((await holdfast('rescue', '1', '--table', 'person', '--where', 'id = 2')).out, /nothing was written\n$/)
})

test('where nobody sits there a rescue is to be confirmed, a dry run is not', async t => {
  const { holdfast, json, names, deps } = await bench(t)
  assert.deepEqual([(await holdfast('rescue', '1', '--table', 'person')).code, (await holdfast('rescue', '1', '--table', 'person', '--json')).code], [2, 2])
  assert.match((await holdfast('rescue', '1', '--table', 'person', '--dry-run')).out, /1 row of backup 1 would be brought back\n$/)
  assert.deepEqual(names(), ['Bob', 'Cyd', 'Dan'])
  const { undo } = await json('rescue', '1', '--table', 'person', '--conflict', 'overwrite', '--confirm')
  assert.deepEqual([undo.command, names()], ['holdfast restore 2', ['Ann', 'Bob', 'Cid', 'Dan']])
  const { entries } = await deps.catalog.audit.list({ limit: 9 })
  assert.deepEqual(entries.map(({ action, outcome }) => [action, outcome]), [['rescue', 'done'], ['rescue dry-run', 'done']])
})

test('rows go to a file that is new, of one table at a time', async t => {
  const { holdfast, home, names } = await bench(t)
  assert.match((await holdfast('rescue', '1', '--table', 'person', '--where', "name LIKE 'A%'", '--csv', 'out.csv')).out, /✓ Wrote 1 row of backup 1 to .*out\.csv\n$/)
  assert.equal(readFileSync(join(home, 'out.csv'), 'utf8'), "id,name,photo\r\n1,Ann,x'00ff'\r\n")
  assert.equal((await holdfast('rescue', '1', '--table', 'person', '--where', 'id = 2', '--csv', '-')).out, 'id,name,photo\r\n2,Bob,\r\n')
  assert.equal((await holdfast('rescue', '1', '--table', 'person', '--csv', '-', '--json')).code, 2)
  assert.deepEqual([(await holdfast('rescue', '1', '--table', 'person', '--csv', 'out.csv')).code, (await holdfast('rescue', '1', '--table', 'person', '--table', 'b', '--csv', 'o2.csv')).code], [5, 2])
  assert.deepEqual(names(), ['Bob', 'Cyd', 'Dan'])
})

for (const [words, code] of [[['1'], 2], [['--table', 'person'], 2], [['1', '--table', 'person', '--where', '1) OR (1', '--yes'], 0], [['1', '--table', 'person', '--where', '1); --', '--yes'], 2], [['1', '--table', 'no', '--yes'], 4], [['9', '--table', 'person', '--yes'], 4], [['1', '--table', 'person', '--conflict', 'fail', '--yes'], 5]] as const) {
  test(`rescue ${words.join(' ')} ends with ${code === 0 ? 'usage' : code}`, async t => {
    const { holdfast, names } = await bench(t)
    assert.equal((await holdfast('rescue', ...words)).code, code === 0 ? 2 : code)
    assert.deepEqual(names(), ['Bob', 'Cyd', 'Dan'])
  })
}

test('a process of its own brings rows back', async t => {
  const home = tempDir(t)
  const live = new Database(join(home, 'people.db'))
  t.after(() => live.close())
  live.exec(PEOPLE)
  const environment = { DATABASE_PATH: './people.db', JWT_SECRET: 'a secret for the tests alone, long enough' }
  assert.equal((await holdfast(['backup'], home, environment)).code, 0)
  live.exec(SINCE)
  const { code, err } = await holdfast(['rescue', '1', '--table', 'person', '--confirm'], home, environment)
  assert.equal(code, 0, err)
  assert.equal(live.prepare('SELECT count(*) FROM person').pluck().get(), 4)
})
