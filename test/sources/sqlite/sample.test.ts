import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { makeSample } from '../../../src/sources/sqlite/sample.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('a sample is a sound database in WAL mode with the rows that it is said to have', async t => {
  const path = join(tempDir(t), 'shop.db')
  const { size, tables } = await makeSample(path)
  assert.equal(statSync(path).size, size)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  const db = new Database(path, { fileMustExist: true })
  t.after(() => db.close())
  assert.equal(db.pragma('journal_mode', { simple: true }), 'wal')
  assert.equal(db.pragma('integrity_check', { simple: true }), 'ok')
  assert.deepEqual(db.pragma('foreign_key_check'), [])
  for (const { name, rows } of tables) {
    assert.equal(db.prepare(`SELECT count(*) FROM ${name}`).pluck().get(), rows, name)
  }
  assert.ok(Number(db.prepare('SELECT count(*) FROM InvoiceLine WHERE InvoiceId = 11').pluck().get()) > 1)
})

test('two samples are the same bytes', async t => {
  const directory = tempDir(t)
  const [one, other] = [join(directory, 'a.db'), join(directory, 'b.db')]
  await makeSample(one)
  await makeSample(other)
  assert.ok(readFileSync(one).equals(readFileSync(other)))
})

for (const suffix of ['', '-wal', '-journal']) {
  test(`nothing is written where "shop.db${suffix}" is there already`, async t => {
    const path = join(tempDir(t), 'shop.db')
    writeFileSync(path + suffix, 'mine')
    await rejectsWith('RESTORE_TARGET_EXISTS', makeSample(path))
    assert.equal(readFileSync(path + suffix, 'utf8'), 'mine')
    assert.equal(existsSync(path), suffix === '')
  })
}

test('a directory that is missing, or where nothing may be written, is named', async t => {
  const directory = tempDir(t)
  await rejectsWith('RESTORE_TARGET_INVALID', makeSample(join(directory, 'none', 'shop.db')))

  writeFileSync(join(directory, 'file'), '')
  await rejectsWith('RESTORE_TARGET_INVALID', makeSample(join(directory, 'file', 'shop.db')))
})
