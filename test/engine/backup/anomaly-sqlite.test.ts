import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import type { Settings } from '../../../src/core/schedule/settings.ts'
import { testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { grow, LEDGER_ROWS, ledgerDatabase, type Ledger } from '../../support/databases/ledger.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { wholeFile } from '../../support/whole-file.ts'

interface History {
  readonly database: string
  readonly catalog: string
  readonly directory: string
}

/** Four backups of ordinary days, and the database after them: made once, and copied by each case. */
async function makeHistory (): Promise<History> {
  const home = tempDir(wholeFile)
  const { path: database, source, sql } = ledgerDatabase(wholeFile)
  const { create, catalogPath, directory } = await testEngine(wholeFile, {
    sources: [source],
    settings: { maxBackups: 100 }
  })
  await create()
  for (let day = 0; day < 3; day++) {
    sql(`${grow(LEDGER_ROWS + day * 100, 100)} UPDATE "order" SET total = total + 1 WHERE id % 7 = ${day}`)
    assert.equal((await create()).suspicion, null, `day ${day}`)
  }
  const catalog = join(home, 'catalog.db')
  const db = new Database(catalogPath, { readonly: true })
  db.prepare('VACUUM INTO ?').run(catalog)
  db.close()
  return { database, catalog, directory }
}

const history = await makeHistory()

async function afterHistory (
  t: TestContext,
  { verifyAfterBackup }: Pick<Settings, 'verifyAfterBackup'>
): Promise<Pick<TestEngine, 'create'> & Pick<Ledger, 'sql'>> {
  const { source, sql } = ledgerDatabase(t, { from: history.database })
  const directory = join(tempDir(t), 'backups')
  cpSync(history.directory, directory, { recursive: true })
  const { create, clock } = await testEngine(t, {
    sources: [source],
    settings: { maxBackups: 100, verifyAfterBackup },
    directory,
    catalog: history.catalog
  })
  clock.move(60_000)
  return { create, sql }
}

const ORDINARY: ReadonlyArray<readonly [string, string]> = [
  ['nothing at all', ''],
  ['VACUUM', 'VACUUM'],
  ['a change to every row', 'UPDATE "order" SET total = total * 2; UPDATE letter SET body = body || \' read\''],
  [
    'a third of the rows deleted, and VACUUM',
    'DELETE FROM letter WHERE id % 3 = 0; DELETE FROM "order" WHERE id % 3 = 0; VACUUM'
  ],
  ['as many rows again', grow(20_000, LEDGER_ROWS)],
  [
    'a new column, with an index in random order',
    'ALTER TABLE "order" ADD COLUMN note TEXT; UPDATE "order" SET note = \'paid \' || (id * 7919 % 10007); CREATE INDEX order_note ON "order" (note)'
  ],
  ['a table under another name', 'ALTER TABLE "order" RENAME TO purchase'],
  [
    'a table of pictures beside the others',
    'CREATE TABLE picture (id INTEGER PRIMARY KEY, body BLOB); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) INSERT INTO picture SELECT i, randomblob(20000) FROM n'
  ]
]

for (const [what, statement] of ORDINARY) {
  test(`a backup after ${what} is not suspect`, async t => {
    const { create, sql } = await afterHistory(t, { verifyAfterBackup: false })
    sql(statement)
    assert.deepEqual((await create()).suspicion, null)
  })
}

const ATTACKS: ReadonlyArray<readonly [string, string, RegExp]> = [
  [
    '63 % of the rows of a table were deleted',
    'DELETE FROM "order" WHERE id % 100 < 63',
    /^the number of rows in "order" fell by 63 %, from 3300 to 1221$/
  ],
  ['a table was emptied', 'DELETE FROM letter', /^the number of rows in "letter" fell by 100 %, from 3300 to 0$/],
  ['a table was dropped', 'DROP TABLE letter', /^the table "letter" with 3300 rows is missing$/],
  [
    'the content of the rows was encrypted',
    'UPDATE letter SET body = sealed(body)',
    /^\d+ % of the pages changed.*: the data appears to be encrypted$/
  ],
  [
    'it was encrypted, and written as base64',
    'UPDATE letter SET body = sealed_base64(body)',
    /: the data appears to be encrypted$/
  ],
  [
    'it was encrypted, and written as hex digits',
    'UPDATE letter SET body = sealed_hex(body)',
    /: the data appears to be encrypted$/
  ],
  [
    'half of it was encrypted',
    'UPDATE letter SET body = sealed(body) WHERE id % 2 = 0',
    /: the data appears to be encrypted$/
  ],
  [
    'it was encrypted, and the file vacuumed',
    'UPDATE letter SET body = sealed(body); VACUUM',
    /: the data appears to be encrypted$/
  ],
  [
    'the content of the rows was written over',
    'UPDATE letter SET body = zeroblob(length(body))',
    /: the data appears to be overwritten$/
  ]
]

for (const [what, statement, expected] of ATTACKS) {
  test(`a backup is suspect after ${what}, and so is the next one`, async t => {
    const { create, sql } = await afterHistory(t, { verifyAfterBackup: true })
    sql(statement)
    for (let n = 0; n < 2; n++) {
      const { suspicion, verification, status } = await create()
      assert.match(suspicion?.reasons.join('\n') ?? '', expected)
      assert.deepEqual([status, verification.status, suspicion?.releasedAt], ['completed', 'valid', null])
    }
  })
}

test('what it is compressed with, and that this was changed, makes no difference', async t => {
  const { create, sql } = await afterHistory(t, { verifyAfterBackup: false })
  for (const compression of ['gzip', 'zstd', 'none'] as const) {
    assert.equal((await create({ compression })).suspicion, null)
  }
  sql('UPDATE letter SET body = sealed(body)')
  for (const compression of ['gzip', 'zstd', 'none'] as const) {
    assert.match((await create({ compression })).suspicion?.reasons.join() ?? '', /appears to be encrypted/)
  }
})
