import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { Connection } from '../../src/catalog/connection.ts'
import { openDatabase } from '../../src/catalog/database.ts'
import { completed, newBackup, newCatalog, open } from '../support/catalog/catalog.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { rejectsWith } from '../support/rejects.ts'
import { sqliteProcess } from '../support/processes/sqlite-process.ts'
import { tempDir } from '../support/temp-dir.ts'

test('reading does not change the version', async t => {
  const { catalog } = await newCatalog(t)
  const version = catalog.version()
  await catalog.backups.statistics()
  await catalog.backups.list({ limit: 5 })
  assert.equal(catalog.version(), version)
})

test('each write changes the version to one that was not there before', async t => {
  const { catalog } = await newCatalog(t)
  const seen = new Set([catalog.version()])
  const { id } = await catalog.backups.start(newBackup())
  seen.add(catalog.version())
  await catalog.backups.edit(id, { pinned: true })
  seen.add(catalog.version())
  await catalog.settings.save({ maxBackups: 3 }, new Date(0))
  seen.add(catalog.version())
  assert.equal(seen.size, 4)
})

test('a write by another process changes the version', async t => {
  const { catalog, path } = await newCatalog(t)
  await completed(catalog)
  const version = catalog.version()
  await sqliteProcess(t, path, "UPDATE backup_log SET description = 'from elsewhere'")
  assert.notEqual(catalog.version(), version)
})

test('another start has other versions, though the counts begin again', async t => {
  const { catalog, path, clock } = await newCatalog(t)
  const version = catalog.version()
  await catalog.close()
  clock.move(1000)
  const again = await open(path, clock)
  t.after(() => again.close())
  assert.notEqual(again.version(), version)
})

test('a change holds the catalog from its first statement, so that nothing it read is out of date when it writes', async t => {
  const path = join(tempDir(t), 'c.db')
  const [{ database }, other] = [await openDatabase(path, 0), new Database(path, { timeout: 0 })]
  const connection = new Connection(database, new FakeClock())
  t.after(async () => {
    other.close()
    await connection.close()
  })
  other.exec('CREATE TABLE t (x)')
  await connection.write(() => {
    database.prepare('SELECT count(*) FROM t').get()
    assert.throws(() => other.exec('INSERT INTO t VALUES (1)'), { code: 'SQLITE_BUSY' })
  })
  other.exec('INSERT INTO t VALUES (1)')
})

test('a closed catalog rejects, and may be closed again', async t => {
  const { catalog } = await newCatalog(t)
  await catalog.close()
  await catalog.close()
  await rejectsWith('CATALOG_FAILED', catalog.backups.statistics())
  await rejectsWith('CATALOG_FAILED', catalog.backups.start(newBackup()))
  assert.throws(() => catalog.version(), { code: 'CATALOG_FAILED' })
})

test('what is not an error of the database passes as it is', async t => {
  const { catalog } = await newCatalog(t)
  await assert.rejects(catalog.backups.start(newBackup({ startedAt: new Date(Number.NaN) })), RangeError)
})
