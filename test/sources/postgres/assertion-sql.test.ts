import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertionProblem, serverSql } from '../../../src/sources/postgres/assertion-sql.ts'

test('casts, operators, slices and quoted texts of PostgreSQL are no parameters', () => {
  for (
    const sql of [
      "SELECT count(*)::int FROM orders WHERE at > :at::timestamptz - interval '1 day'",
      "SELECT ('{\"a\": 1}'::jsonb ? 'a')::int",
      'SELECT $$ :no $1 ; $$ || $tag$ $$ :no $tag$',
      "SELECT E'it\\'s :no; $1'",
      'SELECT count(*) FROM "a:b;c" -- :no',
      'SELECT (ARRAY[1, 2, 3])[1:2]::text',
      'SELECT a[:n] FROM (SELECT ARRAY[1] AS a, 1 AS n) x',
      'SELECT price$1 FROM x',
      'VALUES (1)',
      'TABLE settings',
      '(SELECT 1) UNION (SELECT 2)',
      'WITH x AS (SELECT 1) SELECT count(*) FROM x;',
      'SELECT count(*) FROM updates WHERE "delete from" = 1 /* ; */'
    ]
  ) {
    assert.equal(assertionProblem(sql), undefined, sql)
  }
})

test('what cannot be an assertion is refused with the reason', () => {
  const refused: ReadonlyArray<readonly [sql: string, problem: string]> = [
    ['', 'is empty'],
    [' -- SELECT 1', 'is empty'],
    ['SELECT 1; SELECT 2', 'has more than one statement'],
    ['DELETE FROM orders', 'does not begin with SELECT, WITH, VALUES or TABLE'],
    ['COPY orders TO PROGRAM $$x$$', 'does not begin with SELECT, WITH, VALUES or TABLE'],
    ['WITH x AS (DELETE FROM orders RETURNING 1) SELECT 1', 'writes'],
    ['WITH x AS (SELECT 1) INSERT INTO y SELECT 1', 'writes'],
    ['SELECT 1 FROM orders FOR UPDATE', 'writes'],
    ['SELECT :since', 'has the parameter ":since"; the only parameter is ":at"'],
    ['SELECT $1', 'has the parameter "$1"; the only parameter is ":at"']
  ]
  for (const [sql, problem] of refused) assert.equal(assertionProblem(sql), problem, sql)
})

test('the time of the backup is a parameter only outside of texts and casts', () => {
  assert.deepEqual(serverSql("SELECT ':at', :at, x::at, $$:at$$; -- end"), {
    sql: "SELECT ':at', ($1::timestamptz), x::at, $$:at$$  -- end\n",
    hasAt: true
  })
  assert.deepEqual(serverSql('SELECT 1'), { sql: 'SELECT 1\n', hasAt: false })
})
