import assert from 'node:assert/strict'
import Database from 'better-sqlite3'
import { spawnSync } from 'node:child_process'
import { copyFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { buffer } from 'node:stream/consumers'
import { BackupError } from '../../../src/core/errors.ts'
import type { PreparedImport } from '../../../src/core/ports/source.ts'
import { sqliteTools } from '../../../src/sources/sqlite/tools.ts'
import { DEFAULT_LIMITS } from '../../../src/sources/subprocess.ts'
import { DUMP } from '../../support/databases/dump.ts'
import { makeMoney, readMoney, TOTAL } from '../../support/databases/money.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { needTool } from '../../support/skip-without.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const NAME = '/old/shop.db'

interface Bench {
  readonly folder: string
  /** Where the copy of the file is to be. */
  readonly path: string
  prepare(form?: 'sqlite' | 'sql'): Promise<PreparedImport>
  /** The image of a backup, as a database. */
  image(prepared: PreparedImport): Promise<string>
}

function importing (t: TestContext, requireRoom = async () => {}): Bench {
  const folder = tempDir(t)
  const path = join(folder, 'content')
  const tools = sqliteTools({ scratchDir: tempDir(t), limits: DEFAULT_LIMITS })
  const { importer } = tools.source('shop', { path: '/srv/shop.db' })
  assert.ok(importer)
  return {
    folder,
    path,
    async prepare (name = 'sqlite') {
      const form = (await importer.forms()).find(one => one.name === name)
      assert.ok(form)
      return await importer.prepare({ form, path, folder, name: NAME, modified: new Date(0), requireRoom }, never)
    },
    async image ({ source }) {
      const snapshot = await source.snapshot({ compression: 'none', method: 'full', parent: null }, never)
      const copy = join(tempDir(t), 'image.db')
      for await (const part of snapshot.parts()) writeFileSync(copy, await buffer(part.image))
      await snapshot.close()
      return copy
    }
  }
}

test('a database is backed up as it is, as a state of the source itself', async t => {
  const { path, prepare, image } = importing(t)
  makeMoney(path, { journalMode: 'delete', entries: 100 })
  const bytes = readFileSync(path)
  const prepared = await prepare()
  assert.deepEqual([prepared.source.name, prepared.source.location, prepared.notes], ['shop', '/srv/shop.db', []])
  assert.ok(readFileSync(await image(prepared)).equals(bytes))
})

test('the owner and the mode of the copy are not recorded as those of the source', async t => {
  const { path, prepare } = importing(t)
  makeMoney(path, { entries: 10 })
  const { source } = await prepare()
  const snapshot = await source.snapshot({ compression: 'none', method: 'full', parent: null }, never)
  for await (const part of snapshot.parts()) part.image.resume()
  const { facts } = await snapshot.outcome()
  await snapshot.close()
  assert.deepEqual(Object.keys(facts.properties).filter(key => key.startsWith('file')), [])
  assert.deepEqual(facts.tables.find(({ name }) => name === 'entry'), { name: 'entry', rows: 10 })
})

/** Copies a database while changes of it are in the file with `suffix`, as a script that copies both does. */
function copyInUse (t: TestContext, to: string, suffix: '-wal' | '-journal'): void {
  const live = join(tempDir(t), 'live.db')
  makeMoney(live, { journalMode: suffix === '-wal' ? 'wal' : 'delete', entries: 2000 })
  const db = new Database(live)
  db.pragma('cache_size = 1')
  if (suffix === '-wal') db.exec("UPDATE entry SET note = 'changed' WHERE id <= 1000")
  else db.exec("BEGIN; UPDATE entry SET note = 'changed ' || hex(zeroblob(200))")
  for (const end of ['', suffix]) copyFileSync(live + end, to + end)
  if (suffix === '-journal') db.exec('ROLLBACK')
  db.close()
}

test('the changes in a "-wal" file next to the copy are part of the backup', async t => {
  const { path, prepare, image, folder } = importing(t)
  copyInUse(t, path, '-wal')
  const prepared = await prepare()
  assert.deepEqual(prepared.notes, ['with the changes in the "-wal" file next to it'])
  const copy = await image(prepared)
  assert.deepEqual(readMoney(copy), { sum: TOTAL, integrity: 'ok' })
  const db = new Database(copy, { readonly: true })
  assert.equal(db.prepare("SELECT count(*) FROM entry WHERE note = 'changed'").pluck().get(), 1000)
  db.close()
  assert.deepEqual(readdirSync(folder).filter(name => name.endsWith('-wal')), [])
})

test('an unfinished transaction in a hot journal next to the copy is rolled back', async t => {
  const { path, prepare, image } = importing(t)
  copyInUse(t, path, '-journal')
  const prepared = await prepare()
  const copy = await image(prepared)
  assert.deepEqual(readMoney(copy), { sum: TOTAL, integrity: 'ok' })
  const db = new Database(copy, { readonly: true })
  assert.equal(db.prepare("SELECT count(*) FROM entry WHERE note LIKE 'changed%'").pluck().get(), 0)
  db.close()
})

const DAMAGES: ReadonlyArray<readonly [string, (path: string) => void, RegExp]> = [
  ['is cut off', path => {
    truncateSync(path, 100_000)
  }, /^"\/old\/shop.db" is damaged/],
  ['has a damaged page', path => {
    const bytes = readFileSync(path)
    bytes.fill(7, 5 * 4096, 6 * 4096)
    writeFileSync(path, bytes)
  }, /^"\/old\/shop.db" is damaged/],
  ['is empty', path => {
    truncateSync(path, 0)
  }, /^"\/old\/shop.db" has zero bytes/],
  ['is text', path => {
    writeFileSync(path, 'no database at all, but text '.repeat(100))
  }, /^"\/old\/shop.db" is not a SQLite database/]
]

for (const [what, damage, message] of DAMAGES) {
  test(`a file that ${what} is refused with its name`, async t => {
    const { path, prepare } = importing(t)
    makeMoney(path, { journalMode: 'delete', entries: 5000 })
    damage(path)
    assert.match((await rejectsWith('IMPORT_REFUSED', prepare())).message, message)
  })
}

test('a dump becomes a database with every row, and the backup states that it was made from SQL', async t => {
  const { path, prepare, image } = importing(t)
  writeFileSync(path, DUMP)
  const prepared = await prepare('sql')
  assert.match(prepared.notes.join(), /^made from SQL/)
  const db = new Database(await image(prepared), { readonly: true })
  assert.deepEqual(db.prepare('SELECT id, name, hex(data) FROM account').raw().all(), [
    [1, 'it\'s; "Grüße"', '00FF3B'],
    [2, 'line\ntwo -- no comment', '']
  ])
  assert.deepEqual(
    db.prepare("SELECT name FROM sqlite_schema WHERE name IN ('words', 'named', 'names', 'account_name')")
      .pluck().all().toSorted(),
    ['account_name', 'named', 'names', 'words']
  )
  assert.equal(db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'account'").pluck().get(), 7)
  db.close()
})

test('the dump of the shell of SQLite gives the same rows again', async t => {
  if (!needTool(t, 'sqlite3')) return
  const { path, prepare, image } = importing(t)
  const live = join(tempDir(t), 'live.db')
  makeMoney(live, { entries: 3000 })
  const db = new Database(live)
  db.exec("CREATE VIRTUAL TABLE words USING fts5(text); INSERT INTO words VALUES ('found; by its word')")
  db.close()
  writeFileSync(path, spawnSync('sqlite3', [live, '.dump'], { maxBuffer: 1e9 }).stdout)
  const copy = await image(await prepare('sql'))
  assert.deepEqual(readMoney(copy), { sum: TOTAL, integrity: 'ok' })
  const made = new Database(copy, { readonly: true })
  assert.equal(made.prepare("SELECT text FROM words WHERE words MATCH 'found'").pluck().get(), 'found; by its word')
  assert.equal(made.prepare('SELECT count(*) FROM entry').pluck().get(), 3000)
  made.close()
})

const MALICE: ReadonlyArray<readonly [string, string, RegExp, BackupError['code']?]> = [
  ['attaches another database', "BEGIN; ATTACH 'FOLDER/evil.db' AS e; COMMIT;", /begins with "ATTACH"/],
  ['attaches one within a comment of a word', "/* x */ ATTACH 'FOLDER/evil.db' AS e;", /begins with "ATTACH"/],
  ['writes another file', "CREATE TABLE a(b); VACUUM INTO 'FOLDER/evil.db';", /begins with "VACUUM"/],
  ['sets where files are', "PRAGMA temp_store_directory = 'FOLDER';", /begins with "PRAGMA"/],
  ['reads other files', "CREATE TABLE a AS SELECT readfile('/etc/hostname');", /no such function: readfile/],
  ['loads code', "CREATE TABLE a AS SELECT load_extension('FOLDER/evil');", /not authorized|no such function/],
  ['has a command of the shell', '.shell touch FOLDER/evil.db\nCREATE TABLE a(b);', /begins with ""/],
  ['was cut off in a row', DUMP.slice(0, 200), /cut off/],
  ['was cut off after a row', DUMP.slice(0, DUMP.indexOf('PRAGMA writable')), /cut off/],
  ['was made of a damaged database', DUMP.replace('COMMIT;', 'ROLLBACK; -- due to errors'), /ends with ROLLBACK/],
  ['has an error', 'BEGIN; INSERT INTO gone VALUES(1); COMMIT;', /SQLite rejects: no such table: gone/],
  ['has no statements', '-- nothing\n', /no SQL statements/],
  ['has text that is not UTF-8', "CREATE TABLE a(b); INSERT INTO a VALUES('\xff');", /not valid UTF-8/],
  ['is one of PostgreSQL', '--\n-- PostgreSQL database dump\n--\n\nSELECT 1;', /PostgreSQL dump/, 'IMPORT_UNSUPPORTED'],
  ['is one of MySQL', '-- MySQL dump 10.13\n--\nCREATE TABLE a(b);', /MySQL dump/, 'IMPORT_UNSUPPORTED']
]

for (const [what, sql, message, code = 'IMPORT_REFUSED'] of MALICE) {
  test(`a dump that ${what} is refused, and writes nothing`, async t => {
    const { path, prepare, folder } = importing(t)
    const other = tempDir(t)
    writeFileSync(path, sql.replaceAll('FOLDER', other), sql.includes('\xff') ? 'latin1' : 'utf8')
    const error = await rejectsWith(code, prepare('sql'))
    assert.match(error.message, message)
    assert.ok(error.message.startsWith(`"${NAME}"`))
    assert.deepEqual([readdirSync(other), readdirSync(folder).filter(name => name.includes('evil'))], [[], []])
  })
}

test('room for the database is asked for before a dump is run', async t => {
  const { path, prepare, folder } = importing(t, async () => {
    throw new BackupError('DISK_FULL', 'no room')
  })
  writeFileSync(path, DUMP)
  await rejectsWith('DISK_FULL', prepare('sql'))
  assert.deepEqual(readdirSync(folder), ['content'])
})
