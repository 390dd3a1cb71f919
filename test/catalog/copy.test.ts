import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { checkIntegrity, copyDatabase } from '../../src/catalog/index.ts'
import { newBackup, newCatalog, open } from '../support/catalog/catalog.ts'
import { rejectsWith } from '../support/rejects.ts'
import { sqliteProcess } from '../support/processes/sqlite-process.ts'
import { tempDir } from '../support/temp-dir.ts'

test('a catalog that nobody has open is copied, and nothing comes into being beside it', async t => {
  const { catalog, path } = await newCatalog(t)
  await catalog.backups.start(newBackup())
  await catalog.close()
  const before = readdirSync(dirname(path))
  const copy = join(tempDir(t), 'copy.db')
  await copyDatabase(path, copy)
  assert.deepEqual(readdirSync(dirname(path)), before)
  const opened = await open(copy)
  t.after(() => opened.close())
  assert.equal((await opened.backups.running()).length, 1)
})

test('the catalog of a process that goes on writing is copied as it is at one instant, with what is still in its WAL', async t => {
  const directory = tempDir(t)
  const path = join(directory, 'a.db')
  await sqliteProcess(t, path, 'PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1), (2), (3)')
  const before = readdirSync(directory)
  const copy = join(tempDir(t), 'copy.db')
  await copyDatabase(path, copy)
  assert.deepEqual(readdirSync(directory), before)
  const database = new Database(copy, { readonly: true })
  t.after(() => {
    database.close()
  })
  assert.equal(database.prepare('SELECT count(*) FROM t').pluck().get(), 3)
})

test('what a killed process left in its WAL is in the copy', async t => {
  const path = join(tempDir(t), 'a.db')
  const { stop } = await sqliteProcess(
    t,
    path,
    'PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)'
  )
  await stop()
  const copy = join(tempDir(t), 'copy.db')
  await copyDatabase(path, copy)
  const database = new Database(copy, { readonly: true })
  t.after(() => {
    database.close()
  })
  assert.equal(database.prepare('SELECT count(*) FROM t').pluck().get(), 1)
})

test('what is not there, or is no database, has the codes of the catalog', async t => {
  const directory = tempDir(t)
  await rejectsWith('CATALOG_FAILED', copyDatabase(join(directory, 'none.db'), join(directory, 'copy.db')))
  const path = join(directory, 'text.db')
  writeFileSync(path, 'a'.repeat(8192))
  await copyDatabase(path, join(directory, 'copy.db'))
  assert.throws(() => {
    checkIntegrity(join(directory, 'copy.db'))
  }, { code: 'CATALOG_CORRUPT' })
})

test('a thorough look finds what a quick one passes over', async t => {
  const path = join(tempDir(t), 'a.db')
  const database = new Database(path)
  database.exec('CREATE TABLE t (a INTEGER PRIMARY KEY, b); CREATE INDEX t_b ON t (b)')
  database.exec('INSERT INTO t VALUES (1, 2)')
  checkIntegrity(path)
  // The index is told that it belongs to nothing that is in the table.
  database.unsafeMode()
  database.exec(
    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX t_b ON t (a)' WHERE name = 't_b'"
  )
  database.close()
  assert.throws(() => {
    checkIntegrity(path)
  }, { code: 'CATALOG_CORRUPT' })
  const whole = new Database(path, { readonly: true })
  t.after(() => {
    whole.close()
  })
  assert.equal(whole.pragma('quick_check', { simple: true }), 'ok')
})
