import assert from 'node:assert/strict'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { bench, counts } from './row-bench.ts'

for (const journalMode of ['wal', 'delete']) {
  test(`a table that needs a collation of the application is left out with the reason, and the others are compared, in ${journalMode} mode`, async t => {
    const { sql, diff, close, image, live } = bench(
      t,
      'CREATE TABLE other (x); INSERT INTO other VALUES (1); CREATE TABLE odd (word TEXT PRIMARY KEY); INSERT INTO odd VALUES (1)',
      { journalMode }
    )
    sql('INSERT INTO other VALUES (2)')
    close()
    for (const path of [image, live]) {
      const db = new Database(path)
      db.unsafeMode()
      db.exec(
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE odd (word TEXT COLLATE german PRIMARY KEY)' WHERE name = 'odd'"
      )
      db.close()
    }
    const { tables, skipped } = await diff(1)
    assert.deepEqual(tables.map(table => [table.table, ...counts(table)]), [['other', 1, 0, 0, 1]])
    assert.deepEqual(skipped, [{
      table: 'odd',
      reason: 'it cannot be compared here: no such collation sequence: german'
    }])
  })
}
