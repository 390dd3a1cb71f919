import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertionProblem } from '../../../src/sources/sqlite/assertion-sql.ts'
import { judge, type Assertion, type Found } from '../../../src/core/restore/drill.ts'

type Bound = Pick<Assertion, 'min' | 'max' | 'equals'>

for (
  const [bound, found, status] of [
    [{ min: 1 }, 1, 'pass'],
    [{ min: 1 }, 0.999, 'fail'],
    [{ max: 24 }, 24, 'pass'],
    [{ max: 24 }, 24.001, 'fail'],
    [{ min: 1, max: 3 }, 2, 'pass'],
    [{ min: 1, max: 3 }, 4, 'fail'],
    [{ equals: 0 }, 0, 'pass'],
    [{ equals: 0 }, '0', 'fail'],
    [{ equals: 'ok' }, 'ok', 'pass'],
    [{ min: 1 }, null, 'fail'],
    [{ min: 1 }, '5', 'inconclusive']
  ] as ReadonlyArray<readonly [Bound, Found, string]>
) {
  test(`what is found as ${JSON.stringify(found)} with the bound ${JSON.stringify(bound)} is a ${status}`, () => {
    const result = judge({ name: 'orders', sql: '', ...bound }, found)
    assert.deepEqual([result.name, result.status, result.found, result.reason === null], [
      'orders',
      status,
      found,
      status === 'pass'
    ])
  })
}

const LARGE = 9_007_199_254_740_993n
for (
  const [bound, value, status, found] of [
    [{ equals: 9_007_199_254_740_992 }, LARGE, 'fail', '9007199254740993'],
    [{ equals: '9007199254740993' }, LARGE, 'pass', '9007199254740993'],
    [{ equals: '9007199254740992' }, LARGE, 'fail', '9007199254740993'],
    [{ equals: '9007199254740993' }, '9007199254740993', 'pass', '9007199254740993'],
    [{ max: 9_007_199_254_740_992 }, LARGE, 'fail', '9007199254740993'],
    [{ max: '9007199254740993' }, LARGE, 'pass', '9007199254740993'],
    [{ max: '9007199254740992' }, LARGE, 'fail', '9007199254740993'],
    [{ min: '9007199254740994' }, LARGE, 'fail', '9007199254740993'],
    [{ min: '-9223372036854775808' }, -9_223_372_036_854_775_808n, 'pass', '-9223372036854775808'],
    [{ min: '5' }, 5n, 'pass', 5],
    [{ min: 0.5 }, 1n, 'pass', 1],
    [{ max: 1.5 }, 2n, 'fail', 2],
    [{ equals: 5 }, 5n, 'pass', 5],
    [{ equals: '5' }, 5n, 'fail', 5]
  ] as ReadonlyArray<readonly [Bound, bigint | string, string, Found]>
) {
  test(`the value ${typeof value} ${value} with the bound ${JSON.stringify(bound)} is a ${status}, and no digit is lost`, () => {
    const result = judge({ name: 'ids', sql: '', ...bound }, value)
    assert.deepEqual([result.status, result.found], [status, found])
    assert.equal(JSON.parse(JSON.stringify(result)).found, found)
  })
}

test('a bound is told in words, and what is beyond it with what was found', () => {
  const { bound, reason } = judge({ name: 'orders', sql: '', min: 1, max: 9 }, 10)
  assert.deepEqual([bound, reason], ['at least 1 and at most 9', 'found 10, expected at least 1 and at most 9'])
  assert.equal(judge({ name: 'state', sql: '', equals: 'ok' }, 'bad').reason, 'found "bad", expected exactly "ok"')
})

for (
  const sql of [
    'SELECT 1',
    ' select count(*) from orders where at > :at; ',
    'WITH recent AS (SELECT * FROM orders) SELECT count(*) FROM recent',
    'VALUES (1)',
    "SELECT ';' || replace(name, 'a', 'b') FROM \"odd;table\" -- and; more",
    "WITH x AS (SELECT replace('UPDATE', 'U', 'u')) SELECT count(*) FROM x /* DELETE; */",
    "SELECT count(*) FROM [a:b] WHERE note = 'it''s :new'"
  ]
) {
  test(`nothing speaks against ${sql}`, () => {
    assert.equal(assertionProblem(sql), undefined)
  })
}

for (
  const [sql, problem] of [
    ['', 'is empty'],
    [' ; -- nothing', 'is empty'],
    ['SELECT 1; SELECT 2', 'has more than one statement'],
    ['SELECT 1; DROP TABLE orders', 'has more than one statement'],
    ['DELETE FROM orders', 'does not begin with SELECT, WITH or VALUES'],
    ['PRAGMA user_version', 'does not begin with SELECT, WITH or VALUES'],
    ['WITH old AS (SELECT 1) DELETE FROM orders', 'writes'],
    ['WITH old AS (SELECT 1) REPLACE INTO orders VALUES (1)', 'writes'],
    ['SELECT count(*) FROM orders WHERE at > :since', 'has the parameter ":since"; the only parameter is ":at"'],
    ['SELECT ?1', 'has the parameter "?1"; the only parameter is ":at"']
  ] as const
) {
  test(`the query "${sql}" ${problem}`, () => {
    assert.equal(assertionProblem(sql), problem)
  })
}
