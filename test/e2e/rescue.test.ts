import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { startService } from '../support/processes/service.ts'
import { sqliteProcess } from '../support/processes/sqlite-process.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tokenFor } from '../support/http/token.ts'

/** As in the database Chinook: a customer has invoices, and each of them lines. */
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  CREATE TABLE Invoice (InvoiceId INTEGER PRIMARY KEY, CustomerId INTEGER NOT NULL, Total NUMERIC(10,2) NOT NULL);
  CREATE TABLE InvoiceLine (InvoiceLineId INTEGER PRIMARY KEY, InvoiceId INTEGER NOT NULL REFERENCES Invoice (InvoiceId), TrackId INTEGER NOT NULL, UnitPrice NUMERIC(10,2) NOT NULL, Quantity INTEGER NOT NULL);
  CREATE INDEX IFK_InvoiceLineInvoiceId ON InvoiceLine (InvoiceId);
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 412) INSERT INTO Invoice SELECT i, i % 59 + 1, 5.94 FROM n;
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2240) INSERT INTO InvoiceLine SELECT i, i % 412 + 1, i % 3503 + 1, 0.99, 1 FROM n;
`

test('rows that were deleted by accident come back, and those that another process wrote since stay', async t => {
  const home = tempDir(t)
  const path = join(home, 'chinook.db')
  const live = new Database(path)
  t.after(() => live.close())
  live.exec(SCHEMA)
  const service = await startService(t, home, { DATABASE_PATH: './chinook.db' }, tokenFor('admin'))
  const { body: { backup: { id } } } = await service.call('POST', '/api/backups', { compression: 'zstd' })
  const before = live.prepare('SELECT * FROM InvoiceLine ORDER BY 1').all()

  live.exec('DELETE FROM InvoiceLine WHERE InvoiceId BETWEEN 10 AND 20')
  const lost = before.length - live.prepare<[], number>('SELECT count(*) FROM InvoiceLine').pluck().get()!
  await sqliteProcess(
    t,
    path,
    'INSERT INTO Invoice VALUES (413, 7, 1.98); INSERT INTO InvoiceLine VALUES (2241, 413, 1, 0.99, 1), (2242, 12, 2, 0.99, 1); UPDATE InvoiceLine SET Quantity = 3 WHERE InvoiceLineId = 1'
  )
  const since = live.prepare('SELECT * FROM InvoiceLine WHERE InvoiceLineId > 2240 OR Quantity = 3 ORDER BY 1').all()

  const { body: { tables } } = await service.call('GET', `/api/backups/${id}/diff`)
  assert.deepEqual(
    tables.map(({ table, removed, changed, added }: Record<string, unknown>) => [table, removed, changed, added]),
    [['Invoice', 0, 0, 1], ['InvoiceLine', lost, 1, 2]]
  )
  const wish = { tables: ['InvoiceLine'], where: 'InvoiceId BETWEEN 10 AND 20' }
  const { body: planned } = await service.call('POST', `/api/backups/${id}/rescue`, { ...wish, dryRun: true })
  assert.equal(planned.message, `${lost} rows of backup ${id} would be written`)
  assert.equal(
    (await service.call('POST', `/api/backups/${id}/rescue`, { ...wish, dryRun: false })).body.message,
    `${lost} rows of backup ${id} were written into the live database`
  )

  const after = live.prepare('SELECT * FROM InvoiceLine ORDER BY 1').all()
  assert.deepEqual(
    after.filter(row =>
      !since.some(one =>
        (one as { InvoiceLineId: number }).InvoiceLineId === (row as { InvoiceLineId: number }).InvoiceLineId
      )
    ),
    before.slice(1)
  )
  assert.deepEqual(
    live.prepare('SELECT * FROM InvoiceLine WHERE InvoiceLineId > 2240 OR Quantity = 3 ORDER BY 1').all(),
    since
  )
  assert.deepEqual([live.pragma('foreign_key_check'), live.pragma('integrity_check', { simple: true })], [[], 'ok'])
})
