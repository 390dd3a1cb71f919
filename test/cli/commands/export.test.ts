import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { holdfast } from '../../support/processes/holdfast.ts'
import { people, PEOPLE, SINCE } from '../../support/cli/person-database.ts'
import { tempDir } from '../../support/temp-dir.ts'

const ANN = 'id,name,photo\n1,Ann,\\x00ff\n'

test('rows go to a new file, with a summary', async t => {
  const { holdfast, json, home, deps } = await people(t)
  const words = ['export', '1', '--table', 'person', '--where', "name = 'Ann'", '-o', 'ann.csv']
  assert.match(
    (await holdfast(...words)).out,
    /^✓ Exported 1 row of "person" from backup 1 to \/.*\/ann\.csv \(27 B\)\n$/
  )
  const file = join(home, 'ann.csv')
  assert.deepEqual([readFileSync(file, 'utf8'), statSync(file).mode & 0o777], [ANN, 0o600])
  const again = await holdfast(...words)
  assert.equal(again.code, 5)
  assert.match(again.err, /hint: .*--overwrite/)
  const { sha256, ...summary } = await json(...words, '--overwrite', '--format', 'jsonl')
  assert.deepEqual(summary, {
    backupId: 1,
    source: 'people',
    table: 'person',
    format: 'jsonl',
    rows: 1,
    bytes: 46,
    file
  })
  assert.match(sha256, /^[0-9a-f]{64}$/)
  assert.equal(readFileSync(file, 'utf8'), '{"id":1,"name":"Ann","photo":{"blob":"00ff"}}\n')
  const { entries } = await deps.catalog.audit.list({ limit: 9 })
  assert.deepEqual(entries.map(({ action, target, outcome }) => [action, target, outcome]), [
    ['export', 'backup 1', 'done'],
    ['export', 'backup 1', 'refused'],
    ['export', 'backup 1', 'done']
  ])
})

test('rows go to standard output when all were read, and nothing of an export that fails', async t => {
  const { holdfast } = await people(t)
  const words = ['export', '1', '--table', 'person', '--where']
  assert.equal((await holdfast(...words, 'id = 1')).out, ANN)
  assert.equal((await holdfast(...words, 'id = 1', '--output', '-')).out, ANN)
  const { code, out } = await holdfast(...words, "id < 3 OR json('{')")
  assert.deepEqual([code, out], [2, ''])
})

test('on a terminal the control characters of rows are shown', async t => {
  const { holdfast } = await people(t, { columns: 80 })
  const { out } = await holdfast('export', '--live', '--table', 'person', '--format', 'sql', '--where', 'id = 4')
  assert.match(out, /VALUES\(4,'Dan',NULL\);\n/)
})

test('the newest valid backup, the live database and a source can be chosen', async t => {
  const { holdfast } = await people(t)
  const names = async (...words: string[]): Promise<string> =>
    (await holdfast('export', ...words, '--table', 'person', '--where', 'id <> 3')).out
  assert.equal(await names('--latest'), 'id,name,photo\n1,Ann,\\x00ff\n2,Bob,\n')
  assert.equal(await names('--latest', '--source', 'people'), 'id,name,photo\n1,Ann,\\x00ff\n2,Bob,\n')
  assert.equal(await names('--live'), 'id,name,photo\n2,Bob,\n4,Dan,\n')
  assert.equal(await names('--live', '--source', 'people'), 'id,name,photo\n2,Bob,\n4,Dan,\n')
})

for (
  const [words, code, hint] of [
    [['--table', 'person'], 2, /--latest, or --live/],
    [['1'], 2, /--help/],
    [['1', '--latest', '--table', 'person'], 2, /--latest, or --live/],
    [['--live', '--latest', '--table', 'person'], 2, /--latest, or --live/],
    [['1', '--source', 'people', '--table', 'person'], 2, /Omit --source/],
    [['--live', '--member', 'people', '--table', 'person'], 2, /--live --source people/],
    [['1', '--json', '--table', 'person'], 2, /--output/],
    [['1', '--overwrite', '--table', 'person'], 2, /--output/],
    [['1', '--format', 'xml', '--table', 'person'], 2, /csv, jsonl, sql/],
    [['1', '--table', 'persons'], 4, /Did you mean "person"\?/],
    [['1', '--table', 'words'], 2, /have its rows/],
    [['9', '--table', 'person'], 4, /./],
    [['--live', '--source', 'none', '--table', 'person'], 4, /"people"/],
    [['1', '--table', 'person', '--where', '1) UNION SELECT (1'], 2, /SQL expression/],
    [['1', '--table', 'person', '-o', 'none/x.csv'], 2, /existing directory/]
  ] as const
) {
  test(`export ${words.join(' ')} ends with ${code} and a remedy`, async t => {
    const { holdfast, home } = await people(t)
    const { code: ended, out, err } = await holdfast('export', ...words)
    assert.deepEqual([ended, out], [code, ''])
    assert.match(err, hint)
    assert.equal(existsSync(join(home, 'x.csv')), false)
  })
}

test('a process of its own exports bytes as they are', async t => {
  const home = tempDir(t)
  const live = new Database(join(home, 'people.db'))
  t.after(() => live.close())
  live.exec(PEOPLE)
  const environment = { DATABASE_PATH: './people.db', JWT_SECRET: 'a secret for the tests alone, long enough' }
  assert.equal((await holdfast(['backup'], home, environment)).code, 0)
  live.exec(SINCE)
  writeFileSync(join(home, 'dan.csv'), '')
  const words = ['export', '--latest', '--table', 'person', '--where', 'id = 1']
  const { code, out, err } = await holdfast(words, home, environment)
  assert.deepEqual([code, out], [0, ANN], err)
  const saved = await holdfast(
    ['export', '--live', '--table', 'person', '--where', 'id = 4', '-o', 'dan.csv', '--overwrite'],
    home,
    environment
  )
  assert.equal(saved.code, 0, saved.err)
  assert.equal(readFileSync(join(home, 'dan.csv'), 'utf8'), 'id,name,photo\n4,Dan,\n')
  assert.deepEqual(readdirSync(home).filter(name => name.startsWith('.holdfast')), [])
})
