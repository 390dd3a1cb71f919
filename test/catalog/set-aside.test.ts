import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setAside } from '../../src/catalog/index.ts'
import { completed, newCatalog, open, START } from '../support/catalog/catalog.ts'
import { rejectsWith } from '../support/rejects.ts'
import { tempDir } from '../support/temp-dir.ts'

test('a catalog set aside keeps every byte of every file under its new name', async t => {
  const directory = tempDir(t)
  const path = join(directory, 'catalog.db')
  for (const suffix of ['', '-wal', '-shm', '-journal']) writeFileSync(path + suffix, `bytes of ${suffix}`)
  const aside = await setAside(path, START)
  assert.equal(aside, `${path}.corrupt-2025-11-24T23-30-00`)
  assert.deepEqual(readdirSync(directory).length, 4)
  for (const suffix of ['', '-wal', '-shm', '-journal']) {
    assert.equal(readFileSync(aside + suffix, 'utf8'), `bytes of ${suffix}`)
  }
})

test('setting aside twice within a second overwrites nothing', async t => {
  const path = join(tempDir(t), 'catalog.db')
  const names: string[] = []
  for (const text of ['one', 'two', 'three']) {
    writeFileSync(path, text)
    names.push(await setAside(path, START))
  }
  assert.deepEqual(names.map(name => name.slice(path.length)), [
    '.corrupt-2025-11-24T23-30-00',
    '.corrupt-2025-11-24T23-30-00-2',
    '.corrupt-2025-11-24T23-30-00-3'
  ])
  assert.deepEqual(names.map(name => readFileSync(name, 'utf8')), ['one', 'two', 'three'])
})

test('a catalog that is not there cannot be set aside', async t => {
  await rejectsWith('CATALOG_FAILED', setAside(join(tempDir(t), 'catalog.db'), START))
})

test('a companion that cannot be moved is told', async t => {
  const path = join(tempDir(t), 'catalog.db')
  writeFileSync(path, '')
  // A directory in its place cannot be linked, whoever runs this.
  mkdirSync(`${path}-wal`)
  await rejectsWith('CATALOG_FAILED', setAside(path, START))
})

test('a damaged catalog is set aside and a new one opens in its place', async t => {
  const { catalog, path } = await newCatalog(t)
  await completed(catalog)
  await catalog.close()
  writeFileSync(path, 'noise'.repeat(5000))
  await rejectsWith('CATALOG_CORRUPT', open(path))
  await setAside(path, START)
  const fresh = await open(path)
  t.after(() => fresh.close())
  assert.equal(fresh.isNew, true)
  assert.equal((await fresh.backups.statistics()).totalBackups, 0)
})

test('what a crash left of the old log of writes does not come back in the new catalog', async t => {
  const { catalog, path } = await newCatalog(t)
  await completed(catalog)
  const log = readFileSync(`${path}-wal`)
  await catalog.close()
  await setAside(path, START)
  writeFileSync(`${path}-wal`, log)
  const fresh = await open(path)
  t.after(() => fresh.close())
  assert.equal(fresh.isNew, true)
  assert.equal((await fresh.backups.list({ limit: 5 })).count, 0)
})
