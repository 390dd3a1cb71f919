import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import { openDatabase } from '../../src/catalog/database.ts'
import { catalogError } from '../../src/catalog/errors.ts'
import { migrate, readMigrations } from '../../src/catalog/migrate.ts'
import { MIGRATIONS } from '../support/catalog/catalog.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { rejectsWith } from '../support/rejects.ts'
import { tempDir } from '../support/temp-dir.ts'

const FIRST = readFileSync(join(MIGRATIONS, '0001_catalog.sql'), 'utf8')

/** A program whose migrations are the first one and these, and a catalog path. */
function program (t: TestContext, more: Readonly<Record<string, string>> = {}): { path: string, migrations: string } {
  const directory = tempDir(t)
  const write = (files: Readonly<Record<string, string>>): void => {
    for (const [name, sql] of Object.entries(files)) writeFileSync(join(directory, name), sql)
  }
  write({ '0001_catalog.sql': FIRST, 'README.md': 'not a migration', ...more })
  return { path: join(directory, 'catalog.db'), migrations: directory }
}

async function start (path: string, migrations: string): Promise<readonly number[]> {
  const known = await readMigrations(migrations)
  const { database } = await openDatabase(path, 0)
  try {
    return migrate(database, known, new FakeClock())
  } catch (error) {
    throw catalogError(error)
  } finally {
    database.close()
  }
}

/** The whole file, byte for byte: what a refused start must not change. */
function content (path: string): Buffer {
  return readFileSync(path)
}

test('backup_log begins with the columns of the runbook, name and type and order', async t => {
  const { path, migrations } = program(t)
  await start(path, migrations)
  const database = new Database(path)
  t.after(() => database.close())
  const columns = database.pragma('table_info(backup_log)') as { name: string, type: string }[]
  assert.deepEqual(columns.slice(0, 9).map(({ name, type }) => `${name} ${type}`), [
    'id INTEGER',
    'backup_type TEXT',
    'file_path TEXT',
    'file_size_bytes INTEGER',
    'started_at DATETIME',
    'completed_at DATETIME',
    'status TEXT',
    'error_message TEXT',
    'checksum TEXT'
  ])
})

test('backup_log refuses a type and a status that the runbook does not know', async t => {
  const { path, migrations } = program(t)
  await start(path, migrations)
  const database = new Database(path)
  t.after(() => database.close())
  const insert = database.prepare(
    "INSERT INTO backup_log (backup_type, file_path, started_at, status, source, method, compression, store_key) VALUES (?, '', '', ?, '', 'full', 'none', '')"
  )
  assert.throws(() => insert.run('weekly', 'failed'), { code: 'SQLITE_CONSTRAINT_CHECK' })
  assert.throws(() => insert.run('manual', 'lost'), { code: 'SQLITE_CONSTRAINT_CHECK' })
})

test('a new catalog gets every migration, and a second start none', async t => {
  const { path, migrations } = program(t, { '0002_more.sql': 'CREATE TABLE more (x)' })
  assert.deepEqual(await start(path, migrations), [1, 2])
  assert.deepEqual(await start(path, migrations), [])
})

test('a catalog that is up to date is opened while another process writes to it', async t => {
  const { path, migrations } = program(t)
  await start(path, migrations)
  const writer = new Database(path)
  t.after(() => writer.close())
  writer.exec('BEGIN IMMEDIATE')
  assert.deepEqual(await start(path, migrations), [])
})

test('each migration is recorded with its name, its digest and the time', async t => {
  const { path, migrations } = program(t)
  await start(path, migrations)
  const database = new Database(path)
  t.after(() => database.close())
  assert.deepEqual(database.prepare('SELECT * FROM schema_migrations').all(), [{
    version: 1,
    name: '0001_catalog.sql',
    sha256: createHash('sha256').update(FIRST).digest('hex'),
    applied_at: '2025-11-24T23:30:00.000Z'
  }])
})

test('an older catalog gets what is new', async t => {
  const { path, migrations } = program(t)
  await start(path, migrations)
  writeFileSync(join(migrations, '0002_more.sql'), 'CREATE TABLE more (x)')
  assert.deepEqual(await start(path, migrations), [2])
})

test('a migration that fails leaves nothing of itself and everything before it', async t => {
  const { path, migrations } = program(t, { '0002_more.sql': 'CREATE TABLE more (x); CREATE TABLE more (x)' })
  await rejectsWith('CATALOG_FAILED', start(path, migrations))
  writeFileSync(join(migrations, '0002_more.sql'), 'CREATE TABLE more (x)')
  assert.deepEqual(await start(path, migrations), [2])
})

test('a catalog of a newer version is refused and left as it is', async t => {
  const { path, migrations } = program(t, { '0002_more.sql': 'CREATE TABLE more (x)' })
  await start(path, migrations)
  const before = content(path)
  rmSync(join(migrations, '0002_more.sql'))
  const error = await rejectsWith('CATALOG_TOO_NEW', start(path, migrations))
  assert.match(error.hint ?? '', /newer version/)
  assert.deepEqual(content(path), before)
})

test('a migration that was changed after it was applied is refused and the catalog left as it is', async t => {
  const { path, migrations } = program(t)
  await start(path, migrations)
  const before = content(path)
  writeFileSync(join(migrations, '0001_catalog.sql'), `${FIRST}\n-- changed\n`)
  writeFileSync(join(migrations, '0002_more.sql'), 'CREATE TABLE more (x)')
  const error = await rejectsWith('CATALOG_MIGRATION_CHANGED', start(path, migrations))
  assert.match(error.message, /"0001_catalog.sql"/)
  assert.match(error.hint ?? '', /Install the release again/)
  assert.deepEqual(content(path), before)
})

test('other line endings are not a change', async t => {
  const { path, migrations } = program(t)
  await start(path, migrations)
  writeFileSync(join(migrations, '0001_catalog.sql'), FIRST.replaceAll('\n', '\r\n'))
  assert.deepEqual(await start(path, migrations), [])
})

test('a program that lacks a migration in the middle is refused', async t => {
  const { path, migrations } = program(t, { '0003_more.sql': 'CREATE TABLE more (x)' })
  await rejectsWith('CATALOG_MIGRATION_CHANGED', start(path, migrations))
})

test('a catalog that lacks the record of a migration in the middle is refused', async t => {
  const { path, migrations } = program(t, {
    '0002_more.sql': 'CREATE TABLE more (x)',
    '0003_last.sql': 'CREATE TABLE last (x)'
  })
  await start(path, migrations)
  const database = new Database(path)
  database.exec('DELETE FROM schema_migrations WHERE version = 2')
  database.close()
  await rejectsWith('CATALOG_MIGRATION_CHANGED', start(path, migrations))
})

test('a program without migrations refuses any catalog', async t => {
  const { path, migrations } = program(t)
  await start(path, migrations)
  rmSync(join(migrations, '0001_catalog.sql'))
  await rejectsWith('CATALOG_TOO_NEW', start(path, migrations))
  await rejectsWith('CATALOG_FAILED', start(path, join(migrations, 'nowhere')))
})

test('a restore may be into a database or a directory, and those that were made before stay with their ids', async t => {
  const directory = tempDir(t)
  const path = join(directory, 'catalog.db')
  const all = readdirSync(MIGRATIONS)
  const take = (until: string): void => {
    for (const name of all) if (name < until) copyFileSync(join(MIGRATIONS, name), join(directory, name))
  }
  take('0018')
  await start(path, directory)
  const before = new Database(path)
  before.exec(`
    INSERT INTO backup_log (id, backup_type, file_path, started_at, status, source, method, compression, store_key)
      VALUES (1, 'manual', '/shop.db', '2025', 'completed', 'shop', 'full', 'none', 'shop.db');
    INSERT INTO restores (id, kind, backup_id, source, target, mode, status, started_at, restore_ms) VALUES
      (3, 'drill', 1, 'shop', '/scratch', 'scratch', 'passed', '2025', 7), (8, 'restore', 1, 'shop', '/shop.db', 'live', 'completed', '2025', 9);
    DELETE FROM restores WHERE id = 8`)
  before.close()
  take('0019')
  await start(path, directory)
  const after = new Database(path)
  t.after(() => after.close())
  const add = after.prepare(
    "INSERT INTO restores (kind, backup_id, source, target, mode, status, started_at) VALUES ('restore', 1, 'shop', 'x', ?, 'running', '2025')"
  )
  for (const mode of ['database', 'directory', 'live', 'replace', 'file', 'scratch']) add.run(mode)
  assert.throws(() => add.run('elsewhere'), /CHECK/)
  assert.deepEqual(
    after.prepare('SELECT id, target, mode, status, restore_ms FROM restores WHERE id < 10').raw().all(),
    [
      [3, '/scratch', 'scratch', 'passed', 7],
      [9, 'x', 'database', 'running', null]
    ]
  )
})
