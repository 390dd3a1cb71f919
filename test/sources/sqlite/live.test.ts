import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { makeMoney, readMoney, startWriter, TOTAL } from '../../support/databases/money.ts'
import { FULL } from '../../support/sources/images.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { complaints, mainPart, save, sourceOf, take } from './support.ts'

const signal = new AbortController().signal
/**
 * More than everything that a pipe holds, so that the child is still at work while something happens to the database.
 */
const ENTRIES = 30_000

/**
 * The modes with a rollback journal differ only in what becomes of it after a commit, which no size of pages changes.
 */
const BESIDE = [
  ...(['wal', 'delete'] as const).flatMap(journalMode =>
    [512, 4096, 65_536].map(pageSize => ({ journalMode, pageSize }))
  ),
  ...(['truncate', 'persist'] as const).map(journalMode => ({ journalMode, pageSize: 4096 }))
]

for (const { journalMode, pageSize } of BESIDE) {
  test(`a snapshot beside a process that commits without pause is consistent (${journalMode}, pages of ${pageSize})`, async t => {
    const directory = tempDir(t)
    const path = join(directory, 'live.db')
    makeMoney(path, { journalMode, pageSize, entries: 10_000 })
    const source = sourceOf(path, directory)
    const writer = await startWriter(t, path)
    for (let round = 0; round < 2; round++) {
      const taken = await take(source, directory, `image-${round}.db`)
      assert.deepEqual(readMoney(taken.path), { sum: TOTAL, integrity: 'ok' })
      if (round === 0) assert.deepEqual(await complaints(taken), [])
    }
    const report = await writer.stop()
    assert.deepEqual(report.errors, [])
    assert.ok(report.commits > 1)
  })
}

test('a snapshot shows the instant at which it was taken, not what was committed since', async t => {
  const directory = tempDir(t)
  const path = join(directory, 'live.db')
  makeMoney(path, { entries: ENTRIES })
  const source = sourceOf(path, directory)
  const db = new Database(path)
  db.prepare("INSERT INTO entry (account, note, amount) VALUES (1, 'before', 0)").run()
  const snapshot = await source.snapshot(FULL, signal)
  db.prepare("UPDATE entry SET note = 'after'").run()
  db.exec('DELETE FROM entry; DELETE FROM account')
  const taken = await save(snapshot, directory)
  db.close()
  assert.deepEqual(readMoney(taken.path), { sum: TOTAL, integrity: 'ok' })
  const image = new Database(taken.path)
  assert.equal(image.prepare("SELECT count(*) FROM entry WHERE note = 'after'").pluck().get(), 0)
  assert.equal(image.prepare("SELECT count(*) FROM entry WHERE note = 'before'").pluck().get(), 1)
  image.close()
})

for (
  const disturbance of [
    'PRAGMA wal_checkpoint(TRUNCATE)',
    'PRAGMA wal_checkpoint(RESTART)',
    'VACUUM',
    'DELETE FROM entry WHERE id % 2 = 0; VACUUM; PRAGMA wal_checkpoint(FULL)'
  ]
) {
  test(`a snapshot stays whole while another process runs ${disturbance}`, async t => {
    const directory = tempDir(t)
    const path = join(directory, 'live.db')
    makeMoney(path, { entries: ENTRIES })
    const source = sourceOf(path, directory)
    const db = new Database(path)
    db.prepare('UPDATE entry SET amount = amount + 1').run()
    const snapshot = await source.snapshot(FULL, signal)
    db.pragma('busy_timeout = 0')
    db.exec(disturbance)
    db.prepare('UPDATE entry SET amount = -1').run()
    const taken = await save(snapshot, directory)
    db.close()
    assert.deepEqual(await complaints(taken), [])
    assert.equal(taken.facts.tables.find(table => table.name === 'entry')?.rows, ENTRIES)
  })
}

test('a snapshot of a WAL that is wholly in the main file survives the WAL being started over', async t => {
  const directory = tempDir(t)
  const path = join(directory, 'live.db')
  makeMoney(path, { entries: ENTRIES })
  const source = sourceOf(path, directory)
  const db = new Database(path)
  db.prepare('UPDATE entry SET amount = amount + 1').run()
  db.pragma('wal_checkpoint(PASSIVE)')
  const snapshot = await source.snapshot(FULL, signal)
  for (let i = 0; i < 20; i++) db.prepare('UPDATE entry SET amount = -1 WHERE id % 20 = ?').run(i)
  const taken = await save(snapshot, directory)
  db.close()
  assert.deepEqual(await complaints(taken), [])
  const image = new Database(taken.path)
  assert.equal(image.prepare('SELECT count(*) FROM entry WHERE amount = -1').pluck().get(), 0)
  image.close()
})

test('in rollback-journal mode a writer waits for the copy alone, not for whoever reads the image', async t => {
  const directory = tempDir(t)
  const path = join(directory, 'live.db')
  makeMoney(path, { journalMode: 'delete', entries: ENTRIES })
  const source = sourceOf(path, directory)
  const snapshot = await source.snapshot(FULL, signal)
  const part = await mainPart(snapshot)
  part.image.once('readable', () => {})
  await new Promise(resolve => {
    part.image.once('readable', resolve)
  })
  const db = new Database(path, { timeout: 0 })
  db.prepare('UPDATE entry SET amount = -1').run()
  db.close()
  const taken = await save(snapshot, directory, 'image.db', part)
  const image = new Database(taken.path)
  assert.equal(image.prepare('SELECT count(*) FROM entry WHERE amount = -1').pluck().get(), 0)
  image.close()
})

test('a snapshot is byte for byte what the database is once nobody writes to it', async t => {
  const directory = tempDir(t)
  const path = join(directory, 'live.db')
  makeMoney(path, { journalMode: 'delete', entries: 5000 })
  const taken = await take(sourceOf(path, directory), directory)
  assert.ok(readFileSync(taken.path).equals(readFileSync(path)))
})

test('a snapshot leaves nothing beside a database that nobody has open, and nothing in the scratch directory', async t => {
  for (const journalMode of ['wal', 'delete'] as const) {
    const directory = tempDir(t)
    const path = join(directory, 'live.db')
    makeMoney(path, { journalMode, entries: 10 })
    const taken = await take(sourceOf(path, directory), directory)
    assert.deepEqual(await complaints(taken), [])
    assert.deepEqual(readdirSync(directory).toSorted(), ['image.db', 'live.db'])
  }
})

test('a WAL that a crash left behind is part of the snapshot', async t => {
  const directory = tempDir(t)
  const path = join(directory, 'live.db')
  makeMoney(path, { entries: 10 })
  const writer = new Database(path)
  writer.pragma('wal_autocheckpoint = 0')
  writer.prepare("INSERT INTO entry (account, note, amount) VALUES (1, 'in the WAL', 0)").run()
  const wal = readFileSync(`${path}-wal`)
  const main = readFileSync(path)
  writer.close()
  const crashed = join(directory, 'crashed.db')
  writeFileSync(crashed, main)
  writeFileSync(`${crashed}-wal`, wal)
  const taken = await take(sourceOf(crashed, directory), directory)
  const image = new Database(taken.path)
  assert.equal(image.prepare("SELECT count(*) FROM entry WHERE note = 'in the WAL'").pluck().get(), 1)
  image.close()
  assert.ok(readFileSync(`${crashed}-wal`).equals(wal), 'the WAL was left as it was')
})

test('a transaction that a crash cut short is rolled back and not part of the snapshot', async t => {
  const directory = tempDir(t)
  const path = join(directory, 'live.db')
  makeMoney(path, { journalMode: 'delete', entries: 50_000 })
  // The small cache makes SQLite write into the file before the commit that never comes.
  const crash = `
    const { default: Database } = await import('better-sqlite3')
    const db = new Database(process.argv[1])
    db.exec('PRAGMA cache_size = 5; BEGIN; UPDATE entry SET amount = -1')
    process.kill(process.pid, 'SIGKILL')`
  spawnSync(process.execPath, ['--input-type=module', '-e', crash, path], { cwd: import.meta.dirname })
  assert.ok(existsSync(`${path}-journal`), 'there is no hot journal')
  const source = sourceOf(path, directory)
  const taken = await take(source, directory)
  assert.deepEqual(await complaints(taken), [])
  const image = new Database(taken.path)
  assert.equal(image.prepare('SELECT count(*) FROM entry WHERE amount = -1').pluck().get(), 0)
  image.close()
})
