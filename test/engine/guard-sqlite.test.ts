import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Backup } from '../../src/core/backup.ts'
import { testEngine } from '../support/engine.ts'
import { grow, ledgerDatabase } from '../support/ledger-database.ts'

/** After four backups of ordinary days: each statement, and a backup of what it left. */
async function backupsAfter (t: TestContext, ...statements: readonly string[]): Promise<readonly Backup[]> {
  const { source, sql } = ledgerDatabase(t)
  const { create } = await testEngine(t, { sources: [source], settings: { maxBackups: 100 } })
  await create()
  for (let day = 0; day < 3; day++) {
    sql(`${grow(12_000 + day * 100, 100)} UPDATE "order" SET total = total + 1 WHERE id % 7 = ${day}`)
    assert.equal((await create()).suspicion, null, `day ${day}`)
  }
  const made: Backup[] = []
  for (const statement of statements) {
    sql(statement)
    made.push(await create())
  }
  return made
}

const ORDINARY: ReadonlyArray<readonly [string, string]> = [
  ['nothing at all', ''],
  ['VACUUM', 'VACUUM'],
  ['a change to every row', 'UPDATE "order" SET total = total * 2; UPDATE letter SET body = body || \' read\''],
  ['a third of the rows deleted, and VACUUM', 'DELETE FROM letter WHERE id % 3 = 0; DELETE FROM "order" WHERE id % 3 = 0; VACUUM'],
  ['as many rows again', grow(20_000, 12_000)],
  ['a new column, with an index in random order', 'ALTER TABLE "order" ADD COLUMN note TEXT; UPDATE "order" SET note = \'paid \' || (id * 7919 % 10007); CREATE INDEX order_note ON "order" (note)'],
  ['a table under another name', 'ALTER TABLE "order" RENAME TO purchase'],
  ['a table of pictures beside the others', 'CREATE TABLE picture (id INTEGER PRIMARY KEY, body BLOB); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO picture SELECT i, randomblob(20000) FROM n']
]

for (const [what, statement] of ORDINARY) {
  test(`a backup after ${what} is not suspect`, async t => {
    const [backup] = await backupsAfter(t, statement)
    assert.deepEqual(backup?.suspicion, null)
  })
}

const ATTACKS: ReadonlyArray<readonly [string, string, RegExp]> = [
  ['63 % of the rows of a table were deleted', 'DELETE FROM "order" WHERE id % 100 < 63', /^rows in "order" fell 63 %, from 12300 to 4551$/],
  ['a table was emptied', 'DELETE FROM letter', /^rows in "letter" fell 100 %, from 12300 to 0$/],
  ['a table was dropped', 'DROP TABLE letter', /^the table "letter" is gone, which had 12300 rows$/],
  ['the content of the rows was encrypted', 'UPDATE letter SET body = sealed(body)', /^\d+ % of the pages changed .*: it looks encrypted$/],
  ['it was encrypted, and written as base64', 'UPDATE letter SET body = sealed_base64(body)', /: it looks encrypted$/],
  ['it was encrypted, and written as hex digits', 'UPDATE letter SET body = sealed_hex(body)', /: it looks encrypted$/],
  ['half of it was encrypted', 'UPDATE letter SET body = sealed(body) WHERE id % 2 = 0', /: it looks encrypted$/],
  ['it was encrypted, and the file vacuumed', 'UPDATE letter SET body = sealed(body); VACUUM', /: it looks encrypted$/],
  ['the content of the rows was written over', 'UPDATE letter SET body = zeroblob(length(body))', /: it looks written over$/]
]

for (const [what, statement, expected] of ATTACKS) {
  test(`a backup is suspect after ${what}, and so is the next one`, async t => {
    const made = await backupsAfter(t, statement, '')
    for (const { suspicion, verification, status } of made) {
      assert.match(suspicion?.reasons.join('\n') ?? '', expected)
      assert.deepEqual([status, verification.status, suspicion?.releasedAt], ['completed', 'valid', null])
    }
  })
}

test('what it is compressed with, and that this was changed, makes no difference', async t => {
  const { source, sql } = ledgerDatabase(t)
  const { create } = await testEngine(t, { sources: [source] })
  for (const compression of ['none', 'gzip', 'zstd', 'none'] as const) assert.equal((await create({ compression })).suspicion, null)
  sql('UPDATE letter SET body = sealed(body)')
  for (const compression of ['gzip', 'zstd', 'none'] as const) assert.match((await create({ compression })).suspicion?.reasons.join() ?? '', /looks encrypted/)
})
