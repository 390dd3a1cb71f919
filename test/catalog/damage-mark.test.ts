import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import { setAside } from '../../src/catalog/index.ts'
import { newCatalog, open } from '../support/catalog/catalog.ts'
import { rejectsWith } from '../support/rejects.ts'

/** Larger than what is checked as it is opened, with a page of noise amid the rows. */
async function largeAndDamaged (t: TestContext): Promise<string> {
  const { catalog, path } = await newCatalog(t)
  await catalog.close()
  const database = new Database(path)
  database.exec(`
    INSERT INTO backup_log (backup_type, source, method, compression, encryption, file_path, store_key, started_at, status, description)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
    SELECT 'manual', 'shop', 'full', 'none', 'none', '/backups/' || i, 'k' || i, '2025-11-24T23:30:00.000Z', 'failed', hex(zeroblob(1600)) FROM n`)
  database.close()
  const bytes = readFileSync(path)
  assert.ok(bytes.length > 17 * 1024 * 1024, String(bytes.length))
  const middle = Math.floor(bytes.length / 4096 / 2) * 4096
  bytes.fill(0xa5, middle, middle + 4096)
  writeFileSync(path, bytes)
  return path
}

test('a large catalog opens without being read as a whole; damage that was marked is looked for at the next opening', async t => {
  const path = await largeAndDamaged(t)
  const catalog = await open(path)
  assert.deepEqual([catalog.isChecked, catalog.damage()], [false, undefined])
  catalog.markDamaged('a page of noise')
  await catalog.close()
  await rejectsWith('CATALOG_CORRUPT', open(path))
  await setAside(path, new Date())
  const fresh = await open(path)
  t.after(() => fresh.close())
  assert.deepEqual([fresh.isNew, fresh.isChecked, fresh.damage()], [true, true, undefined])
})

test('damage in a large catalog that a reading meets is marked', async t => {
  const catalog = await open(await largeAndDamaged(t))
  t.after(() => catalog.close())
  await rejectsWith(
    'CATALOG_CORRUPT',
    (async () => {
      for (let id = 1; id <= 6000; id++) await catalog.backups.get(id)
    })()
  )
  assert.match(catalog.damage() ?? '', /malformed/)
})

test('the mark of damage goes where the whole catalog turns out to be sound', async t => {
  const { catalog, path } = await newCatalog(t)
  catalog.markDamaged('a false alarm')
  await catalog.close()
  const again = await open(path)
  t.after(() => again.close())
  assert.deepEqual([again.isNew, again.damage()], [false, undefined])
})
