import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { holdfast } from '../../support/processes/holdfast.ts'
import { people, PEOPLE, SINCE } from '../../support/cli/person-database.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('rescue shows its plan and asks on a terminal; only a yes writes', async t => {
  const answers = [false, true]
  const { holdfast, names } = await people(t, {
    columns: 80,
    environment: { NO_COLOR: '1' },
    deps: { ask: async () => answers.shift() ?? false }
  })
  assert.match(
    (await holdfast('rescue', '1', '--table', 'person')).out,
    /person +3 +1 +1 +1\nconflict: "person" 3 exists in the live database with other values\n\nnothing was written\n$/
  )
  assert.deepEqual(names(), ['Bob', 'Cyd', 'Dan'])
  assert.match(
    (await holdfast('backup', 'rescue', '1', '--table', 'person')).out,
    /✓ Wrote 1 row of backup 1 into the live database\n$/
  )
  assert.deepEqual(names(), ['Ann', 'Bob', 'Cyd', 'Dan'])
})

test('a plan that is refused is shown and not asked about', async t => {
  const { holdfast, names } = await people(t, {
    columns: 80,
    environment: { NO_COLOR: '1' },
    deps: { ask: () => assert.fail('asked') }
  })
  const { code, out } = await holdfast('rescue', '1', '--table', 'person', '--conflict', 'fail')
  assert.equal(code, 5)
  assert.match(out, /conflict: "person" 3 exists in the live database with other values\nno row would be written\n/)
  assert.match(
    (await holdfast('rescue', '1', '--table', 'person', '--conflict', 'fail', '--dry-run')).out,
    /0 rows of backup 1 would be written\n$/
  )
  assert.deepEqual(names(), ['Bob', 'Cyd', 'Dan'])
})

test('a plan that writes no row asks nothing, and reports the rows that are already as in the backup', async t => {
  const { holdfast } = await people(t, { deps: { ask: () => assert.fail('asked') } })
  const same = /\n1 row already as in backup 1; nothing was written\n$/
  assert.match((await holdfast('rescue', '1', '--table', 'person', '--where', 'id = 2')).out, same)
  assert.match((await holdfast('rescue', '1', '--table', 'person', '--where', 'id = 2', '--confirm')).out, same)
  assert.match(
    (await holdfast('rescue', '1', '--table', 'person', '--where', 'id = 99')).out,
    /\nnothing was written\n$/
  )
})

test('where nobody sits there a rescue is to be confirmed, a dry run is not', async t => {
  const { holdfast, json, names, deps } = await people(t)
  assert.deepEqual([
    (await holdfast('rescue', '1', '--table', 'person')).code,
    (await holdfast('rescue', '1', '--table', 'person', '--json')).code
  ], [2, 2])
  assert.match(
    (await holdfast('rescue', '1', '--table', 'person', '--dry-run')).out,
    /1 row of backup 1 would be written\n$/
  )
  assert.deepEqual(names(), ['Bob', 'Cyd', 'Dan'])
  const { undo } = await json('rescue', '1', '--table', 'person', '--conflict', 'overwrite', '--confirm')
  assert.deepEqual([undo.command, names()], ['holdfast restore 2', ['Ann', 'Bob', 'Cid', 'Dan']])
  const { entries } = await deps.catalog.audit.list({ limit: 9 })
  assert.deepEqual(entries.map(({ action, outcome }) => [action, outcome]), [['rescue', 'done'], [
    'rescue dry-run',
    'done'
  ]])
})

test('rows go to a file that is new, of one table at a time', async t => {
  const { holdfast, home, names } = await people(t)
  assert.match(
    (await holdfast('rescue', '1', '--table', 'person', '--where', "name LIKE 'A%'", '--csv', 'out.csv')).out,
    /✓ Wrote 1 row of backup 1 to .*out\.csv\n$/
  )
  assert.equal(readFileSync(join(home, 'out.csv'), 'utf8'), "id,name,photo\r\n1,Ann,x'00ff'\r\n")
  assert.equal(
    (await holdfast('rescue', '1', '--table', 'person', '--where', 'id = 2', '--csv', '-')).out,
    'id,name,photo\r\n2,Bob,\r\n'
  )
  assert.equal((await holdfast('rescue', '1', '--table', 'person', '--csv', '-', '--json')).code, 2)
  assert.deepEqual([
    (await holdfast('rescue', '1', '--table', 'person', '--csv', 'out.csv')).code,
    (await holdfast('rescue', '1', '--table', 'person', '--table', 'b', '--csv', 'o2.csv')).code
  ], [5, 2])
  assert.deepEqual(names(), ['Bob', 'Cyd', 'Dan'])
})

for (
  const [words, code] of [
    [['1'], 2],
    [['--table', 'person'], 2],
    [['1', '--table', 'person', '--where', '1) OR (1', '--yes'], 0],
    [['1', '--table', 'person', '--where', '1); --', '--yes'], 2],
    [['1', '--table', 'no', '--yes'], 4],
    [['9', '--table', 'person', '--yes'], 4],
    [['1', '--table', 'person', '--conflict', 'fail', '--yes'], 5]
  ] as const
) {
  test(`rescue ${words.join(' ')} ends with ${code === 0 ? 'usage' : code}`, async t => {
    const { holdfast, names } = await people(t)
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
