import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { SqliteBackupLog } from '../../src/catalog/backup-log.ts'
import { Connection } from '../../src/catalog/connection.ts'
import { openDatabase } from '../../src/catalog/database.ts'
import { judgeKey, completed, newBackup, newCatalog, open } from '../support/catalog/catalog.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { rejectsWith } from '../support/rejects.ts'
import { sqliteProcess } from '../support/processes/sqlite-process.ts'
import { tempDir } from '../support/temp-dir.ts'

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8)

test('a new catalog, all its files and its directory are for the owner alone', async t => {
  const { catalog, path } = await newCatalog(t)
  await completed(catalog)
  assert.equal(mode(dirname(path)), '700')
  assert.deepEqual(readdirSync(dirname(path)).map(name => [name, mode(join(dirname(path), name))]), [
    ['catalog.db', '600'],
    ['catalog.db-shm', '600'],
    ['catalog.db-wal', '600']
  ])
})

test('a catalog that others may read is taken from them', async t => {
  const { catalog, path } = await newCatalog(t)
  await catalog.close()
  chmodSync(path, 0o644)
  await (await open(path)).close()
  assert.equal(mode(path), '600')
})

test('a directory that was there keeps its mode', async t => {
  const directory = join(tempDir(t), 'data')
  mkdirSync(directory, { mode: 0o750 })
  await (await open(join(directory, 'catalog.db'))).close()
  assert.equal(mode(directory), '750')
})

test('the database runs in WAL mode, synced at checkpoints by SQLite and at commits by us, with foreign keys, at every start', async t => {
  const path = join(tempDir(t), 'c.db')
  for (let start = 1; start <= 2; start++) {
    const { database } = await openDatabase(path, 1234)
    assert.deepEqual(
      ['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout'].map(name =>
        database.pragma(name, { simple: true })
      ),
      ['wal', 1, 1, 1234]
    )
    database.exec('CREATE TABLE IF NOT EXISTS t (x)')
    database.close()
  }
})

test('opening tells whether the catalog is new', async t => {
  const { catalog, path } = await newCatalog(t)
  await catalog.close()
  const again = await open(path)
  t.after(() => again.close())
  assert.deepEqual([catalog.isNew, again.isNew], [true, false])
})

test('what was written is there after the next start', async t => {
  const { catalog, path } = await newCatalog(t)
  const backup = await completed(catalog)
  await catalog.close()
  const again = await open(path)
  t.after(() => again.close())
  assert.deepEqual(await again.backups.get(backup.id), backup)
})

for (
  const [what, bytes] of Object.entries({
    'a text': 'this is not a database at all\n'.repeat(200),
    'a few bytes': 'xyz',
    zeros: '\0'.repeat(8192)
  })
) {
  test(`${what} in the place of the catalog is CATALOG_CORRUPT and left as it is`, async t => {
    const path = join(tempDir(t), 'catalog.db')
    writeFileSync(path, bytes)
    const error = await rejectsWith('CATALOG_CORRUPT', open(path))
    assert.match(error.hint ?? '', /builds a new one/)
    assert.equal(readFileSync(path, 'utf8'), bytes)
  })
}

test('an empty file is a new catalog', async t => {
  const path = join(tempDir(t), 'catalog.db')
  writeFileSync(path, '')
  const catalog = await open(path)
  t.after(() => catalog.close())
  assert.equal(catalog.isNew, true)
})

test('a catalog with a page of noise in it is CATALOG_CORRUPT', async t => {
  const { catalog, path } = await newCatalog(t)
  for (let index = 0; index < 100; index++) {
    await completed(catalog, { description: 'long'.repeat(500), key: `k${index}` })
  }
  await catalog.close()
  const bytes = readFileSync(path)
  bytes.fill(0xa5, Math.floor(bytes.length / 4096 / 2) * 4096, Math.floor(bytes.length / 4096 / 2) * 4096 + 4096)
  writeFileSync(path, bytes)
  await rejectsWith('CATALOG_CORRUPT', open(path))
})

test('a catalog cut in half is CATALOG_CORRUPT', async t => {
  const { catalog, path } = await newCatalog(t)
  await catalog.close()
  truncateSync(path, statSync(path).size / 2)
  await rejectsWith('CATALOG_CORRUPT', open(path))
})

test('damage that shows while the service runs is CATALOG_CORRUPT too', async t => {
  const { catalog, path } = await newCatalog(t)
  const { id } = await completed(catalog)
  const other = new Database(path)
  other.exec("UPDATE backup_log SET verification_checks = '[{', manifest = '{'")
  other.close()
  const error = await rejectsWith('CATALOG_CORRUPT', catalog.backups.get(id))
  assert.match(error.message, /verification of backup 1/)
  await rejectsWith('CATALOG_CORRUPT', catalog.backups.manifest(id))
})

test('a catalog that another process holds is CATALOG_BUSY at the start', async t => {
  const { catalog, path } = await newCatalog(t)
  await catalog.close()
  await sqliteProcess(t, path, 'PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  const error = await rejectsWith('CATALOG_BUSY', open(path))
  assert.match(error.hint ?? '', /sqlite3/)
})

test('while another process writes, changes are CATALOG_BUSY and reading goes on', async t => {
  const { catalog, path } = await newCatalog(t)
  const backup = await completed(catalog)
  const other = await sqliteProcess(t, path, "BEGIN IMMEDIATE; UPDATE backup_log SET description = 'half done'")
  await rejectsWith('CATALOG_BUSY', catalog.backups.start(newBackup()))
  assert.deepEqual(await catalog.backups.get(backup.id), backup)
  await other.stop()
  assert.equal((await catalog.backups.edit(backup.id, { pinned: true })).description, null)
})

test('a catalog in a place that is not a directory is CATALOG_FAILED', async t => {
  const path = join(tempDir(t), 'file')
  writeFileSync(path, '')
  await rejectsWith('CATALOG_FAILED', open(join(path, 'catalog.db')))
})

test('a full disk is DISK_FULL, and the catalog is as before', async t => {
  const { catalog, path } = await newCatalog(t)
  await catalog.close()
  const { database } = await openDatabase(path, 0)
  t.after(() => database.close())
  database.pragma(`max_page_count = ${Number(database.pragma('page_count', { simple: true }))}`)
  const log = new SqliteBackupLog(new Connection(database, new FakeClock()), judgeKey)
  await rejectsWith('DISK_FULL', log.start(newBackup({ description: 'x'.repeat(1_000_000) })))
  assert.deepEqual(await log.running(), [])
})
