import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { openFolder } from '../../src/files/folder.ts'
import { requireLeftovers } from '../../src/sources/sqlite/leftovers.ts'
import { tempDir } from '../support/temp-dir.ts'

test('names lead into the directory that was opened, also after its path was made to lead elsewhere', t => {
  const home = realpathSync(tempDir(t))
  for (const name of ['asked', 'victim']) mkdirSync(join(home, name))
  const folder = openFolder(join(home, 'asked'), { isConfined: true })
  t.after(() => {
    folder.close()
  })
  renameSync(join(home, 'asked'), join(home, 'moved'))
  symlinkSync(join(home, 'victim'), join(home, 'asked'))
  writeFileSync(folder.at('x'), 'content')
  assert.deepEqual([existsSync(join(home, 'victim', 'x')), readFileSync(join(home, 'moved', 'x'), 'utf8')], [
    false,
    'content'
  ])
})

test('a directory that was swapped for a link since it was looked at is refused, wherever in its path that is', t => {
  const home = realpathSync(tempDir(t))
  mkdirSync(join(home, 'victim', 'deep'), { recursive: true })
  symlinkSync(join(home, 'victim'), join(home, 'asked'))
  for (const path of ['asked', 'asked/deep']) {
    assert.throws(() => openFolder(join(home, path), { isConfined: true }), { code: 'RESTORE_TARGET_INVALID' })
    openFolder(join(home, path), {}).close()
  }
})

test('what SQLite keeps beside a database may go with it; anything else of that name is not removed', t => {
  const home = tempDir(t)
  const path = join(home, 'a.db')
  const db = new Database(path)
  t.after(() => db.close())
  db.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a)')
  requireLeftovers(path)
  const journaled = new Database(join(home, 'b.db'))
  t.after(() => journaled.close())
  journaled.exec('PRAGMA journal_mode = PERSIST; CREATE TABLE t (a); BEGIN; INSERT INTO t VALUES (1)')
  requireLeftovers(join(home, 'b.db'))
  for (
    const [suffix, content] of [['-wal', 'the only copy'], ['-journal', 'dear diary'], ['-shm', 'secret']] as const
  ) {
    writeFileSync(join(home, `c.db${suffix}`), content)
    assert.throws(
      () => {
        requireLeftovers(join(home, 'c.db'))
      },
      { code: 'RESTORE_TARGET_INVALID' },
      suffix
    )
    writeFileSync(join(home, `c.db${suffix}`), '')
  }
  mkdirSync(join(home, 'd.db-wal'))
  assert.throws(() => {
    requireLeftovers(join(home, 'd.db'))
  }, { code: 'RESTORE_TARGET_INVALID' })
  symlinkSync(path, join(home, 'e.db-wal'))
  assert.throws(() => {
    requireLeftovers(join(home, 'e.db'))
  }, { code: 'RESTORE_TARGET_INVALID' })
})
