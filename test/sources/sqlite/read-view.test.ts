import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { SQLITE_CHILD } from '../../../src/sources/sqlite/open.ts'
import { journalMode, openReadView } from '../../../src/sources/sqlite/read-view.ts'
import { makeMoney } from '../../support/databases/money.ts'
import { tempDir } from '../../support/temp-dir.ts'

// As in a child that opens databases: it is read when the first one is opened.
Object.assign(process.env, SQLITE_CHILD.environment)

test('a database that becomes WAL just before the transaction begins is read as one: with what its log holds', t => {
  const path = join(tempDir(t), 'app.db')
  makeMoney(path, { journalMode: 'delete', entries: 10 })
  const other = new Database(path)
  t.after(() => {
    other.close()
  })
  let asked = 0
  const view = openReadView(path, false, 1000, db => {
    const mode = journalMode(db)
    if (asked++ === 0) other.exec('PRAGMA journal_mode = WAL; PRAGMA user_version = 7')
    return mode
  })
  t.after(() => {
    view.db.close()
  })
  assert.deepEqual([view.journalMode, view.wal?.frames?.offsets.size, existsSync(`${path}-wal`)], ['wal', 1, true])
  assert.equal(view.db.pragma('user_version', { simple: true }), 7)
})
