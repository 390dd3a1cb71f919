import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rejectsWith } from '../../../support/rejects.ts'
import { bench } from '../row-bench.ts'

const SHOP = `
  CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE invoice (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL, total REAL);
  INSERT INTO customer VALUES (1, 'Ann'), (2, 'Bob');
  INSERT INTO invoice VALUES (10, 1, 5.0), (11, 2, 7.5);
`

for (
  const where of [
    '1); DROP TABLE customer; --',
    '1) UNION SELECT (2',
    'id = ?',
    "'",
    'nothing = 1',
    '',
    '(1',
    'id IN (SELECT 1',
    'id = 1; ',
    'x\0y',
    "load_extension('x') OR id = 1 AND load_extension('x')",
    'id = 1 AND "load_extension"(\'x\')',
    "fts3_tokenizer('simple') IS NOT NULL",
    'id IN (SELECT seq FROM pragma_database_list)',
    'id IN (SELECT 1 FROM "PRAGMA_table_info"(\'customer\'))',
    "id IN (SELECT 1 FROM 'pragma_table_info' AS t WHERE t.arg = 'customer')",
    'id < (SELECT count(*) FROM dbstat)'
  ]
) {
  test(`${JSON.stringify(where)} is no condition`, async t => {
    const { all, rescue } = bench(t, SHOP)
    await rejectsWith('VALIDATION_FAILED', rescue('customer', where))
    assert.equal(all('SELECT * FROM customer').length, 2)
  })
}

test('a condition may read the elements of JSON, and the full-text search of the database', async t => {
  const { plan } = bench(
    t,
    `${SHOP} CREATE VIRTUAL TABLE "the words" USING fts5 (text); INSERT INTO "the words" (rowid, text) VALUES (2, 'nails')`
  )
  const chosen = async (where: string) => (await plan('customer', where)).tables[0]?.chosen
  assert.deepEqual([
    await chosen("name <> 'pragma_x' AND id IN (SELECT value FROM json_each('[1, 3]'))"),
    await chosen('id IN (SELECT rowid FROM "the words" WHERE "the words" MATCH \'nails\')')
  ], [1, 1])
})

test('a condition may have texts, comments and queries of its own, over the backup alone', async t => {
  const { sql, plan } = bench(t, SHOP)
  sql('DELETE FROM invoice')
  const { tables: [customer] } = await plan(
    'customer',
    "name <> ')--;?' /* all ) */ AND id IN (SELECT customer FROM invoice WHERE total > 6)"
  )
  assert.equal(customer?.chosen, 1)
})
