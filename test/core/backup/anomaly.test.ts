import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findAnomalies, type Profile } from '../../../src/core/backup/anomaly.ts'
import { profile, type Drawn } from '../../support/builders/profile.ts'

const MiB = 1024 * 1024
const TABLES = { orders: 120_000, customers: 8000, sessions: 300, settings: 12 }
const USUAL: Drawn = { size: 100 * MiB, tables: TABLES }

/** Ten backups that were all alike. */
const QUIET = Array.from({ length: 10 }, () => profile(USUAL))

function now (given: Partial<Drawn>): Profile {
  return profile({ ...USUAL, ...given })
}

function found (given: Partial<Drawn>, history: readonly Profile[] = QUIET): readonly string[] {
  return findAnomalies(now(given), history)
}

test('the first backup of a source is like none before it, and no alarm', () => {
  assert.deepEqual(found({ tables: {}, size: 1, density: 1 }, []), [])
})

test('rows are compared with every backup, size and content with those that are alike', () => {
  const increments = Array.from({ length: 3 }, () => profile({ ...USUAL, size: MiB, density: 0.1 }))
  const history = [...increments, ...QUIET]
  assert.deepEqual(findAnomalies(now({}), history, QUIET), [])
  assert.deepEqual(findAnomalies(now({ size: MiB }), history, []), [])
  assert.deepEqual(findAnomalies(now({ size: MiB, tables: { ...TABLES, orders: 0 } }), history, []), [
    'the number of rows in "orders" fell by 100 %, from 120000 to 0'
  ])
  assert.deepEqual(findAnomalies(now({ size: 10 * MiB }), history, QUIET).map(reason => reason.slice(0, 25)), [
    'the database shrank by 90'
  ])
})

test('most rows of a table gone is told with figures', () => {
  assert.deepEqual(found({ tables: { ...TABLES, orders: 44_400 } }), [
    'the number of rows in "orders" fell by 63 %, from 120000 to 44400'
  ])
  assert.deepEqual(found({ tables: { ...TABLES, orders: 0 } }), [
    'the number of rows in "orders" fell by 100 %, from 120000 to 0'
  ])
})

test('what a clean-up takes is no alarm: half of a table, or few rows', () => {
  assert.deepEqual(found({ tables: { ...TABLES, orders: 60_000 } }), [])
  assert.deepEqual(found({ tables: { ...TABLES, sessions: 0 } }), [])
})

test('a table that is gone with its rows is told, a small one or a renamed one is not', () => {
  const { orders, ...others } = TABLES
  assert.deepEqual(found({ tables: others }), ['the table "orders" with 120000 rows is missing'])
  assert.deepEqual(found({ tables: { ...others, purchases: orders } }), [])
  assert.deepEqual(found({ tables: { ...others, purchases: orders / 3 } }), [
    'the table "orders" with 120000 rows is missing'
  ])
  assert.deepEqual(found({ tables: { orders, customers: 8000, settings: 12 } }), [])
})

test('a table whose rows cannot be counted any more is not gone', () => {
  assert.deepEqual(found({ tables: { ...TABLES, orders: null } }), [])
})

test('several tables at once are told although each is small', () => {
  const small = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map(name => [name, 100]))
  const history = Array.from({ length: 5 }, () => profile({ ...USUAL, tables: small }))
  assert.deepEqual(found({ tables: { ...small, a: 0, b: 10 } }, history), [])
  assert.deepEqual(found({ tables: { ...small, a: 0, b: 10, c: 5 } }, history), [
    'the number of rows fell in 3 of 5 tables at the same time'
  ])
})

test('of many tables the largest losses are told, and how many more there are', () => {
  const many = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`t${n}`, 10_000 + n]))
  const reasons = found({ tables: {} }, [1, 2, 3].map(() => profile({ ...USUAL, tables: many })))
  assert.deepEqual(reasons, [
    ...[7, 6, 5, 4, 3].map(n => `the table "t${n}" with ${10_000 + n} rows is missing`),
    'and also in 3 more tables',
    'the number of rows fell in 8 of 8 tables at the same time'
  ])
})

test('a table that swings every day does not cry wolf, until it falls as it never did', () => {
  const history = Array.from(
    { length: 10 },
    (_, n) => profile({ ...USUAL, tables: { ...TABLES, queue: n % 2 === 0 ? 10_000 : 2000 } })
  )
  assert.deepEqual(found({ tables: { ...TABLES, queue: 2000 } }, history), [])
  assert.deepEqual(found({ tables: { ...TABLES, queue: 10 } }, history), [
    'the number of rows in "queue" fell by 100 %, from 10000 to 10'
  ])
  const emptied = history.map((_, n) => profile({ ...USUAL, tables: { ...TABLES, queue: n % 2 === 0 ? 10_000 : 0 } }))
  assert.deepEqual(found({ tables: { ...TABLES, queue: 0 } }, emptied), [])
})

test('while little is known of a source only a great loss counts', () => {
  const history = QUIET.slice(0, 2)
  assert.deepEqual(found({ tables: { ...TABLES, orders: 44_400 } }, history), [])
  assert.deepEqual(found({ tables: { ...TABLES, orders: 20_000 } }, history), [
    'the number of rows in "orders" fell by 83 %, from 120000 to 20000'
  ])
})

test('a database that shrinks to less than a quarter is told, one that VACUUM halves is not', () => {
  assert.deepEqual(found({ size: 20 * MiB }), ['the database shrank by 80 %, from 104857600 to 20971520 bytes'])
  assert.deepEqual(found({ size: 45 * MiB, changed: 1, density: 0.6 }), [])
  const small = QUIET.map(() => profile({ ...USUAL, size: 4 * MiB }))
  assert.deepEqual(found({ size: MiB / 2 }, small), [])
})

test('a database that grows to many times its size is told, unless it does so often', () => {
  assert.deepEqual(found({ size: 600 * MiB }), [
    'the database grew to 6.0 times its size, from 104857600 to 629145600 bytes'
  ])
  const growing = Array.from({ length: 4 }, (_, n) => profile({ ...USUAL, size: 100 * MiB / 4 ** n }))
  assert.deepEqual(found({ size: 600 * MiB }, growing), [])
})

test('what was encrypted in place is told by its pages and their density, or by their entropy', () => {
  assert.deepEqual(found({ changed: 1, density: 0.99, entropy: 7.9 }), [
    '100 % of the pages changed, and their compressed size is now 99 % of the original instead of 35 %: the data appears to be encrypted'
  ])
  assert.match(found({ changed: 0.4, density: 0.61, entropy: 5.9 }).join(), /appears to be encrypted/)
  assert.match(
    found({ changed: 1, density: 0.9, entropy: 7.5 }, QUIET.map(() => profile({ ...USUAL, density: 0.8, entropy: 5 })))
      .join(),
    /appears to be encrypted/
  )
})

test('pages that changed are no alarm alone, nor is content that became denser without them', () => {
  assert.deepEqual(found({ changed: 1 }), [])
  assert.deepEqual(found({ density: 0.99, entropy: 7.9 }), [])
})

test('VACUUM leaves out what is empty: denser pages, and fewer of them', () => {
  const sparse = QUIET.map(() => profile({ ...USUAL, density: 0.3, entropy: 3.2 }))
  assert.deepEqual(found({ size: 50 * MiB, changed: 1, density: 0.6, entropy: 6.1 }, sparse), [])
})

test('empty pages that are filled with new rows are no alarm', () => {
  const sparse = QUIET.map(() => profile({ ...USUAL, density: 0.3, entropy: 4 }))
  const doubled = Object.fromEntries(Object.entries(TABLES).map(([name, rows]) => [name, rows * 2]))
  assert.deepEqual(found({ tables: doubled, changed: 1, density: 0.6, entropy: 6.1 }, sparse), [])
})

test('content that is written over with nothing is told, where the rows are still there', () => {
  assert.deepEqual(found({ changed: 1, density: 0.01, entropy: 0.3 }), [
    '100 % of the pages changed, and their compressed size is now 1 % of the original instead of 35 %: the data appears to be overwritten'
  ])
  assert.deepEqual(found({ density: 0.01 }), [])
})

test('a source without tables is judged by its size and its pages', () => {
  const bare = QUIET.map(() => profile({ ...USUAL, tables: {} }))
  assert.match(found({ tables: {}, changed: 1, density: 0.99 }, bare).join(), /appears to be encrypted/)
  assert.match(found({ tables: {}, size: MiB }, bare).join(), /shrank/)
})

test('backups from before they were measured are compared by the rest', () => {
  const old = QUIET.map(({ size, tables }) => ({ size, tables, measures: null }))
  assert.deepEqual(found({ changed: 1, density: 0.99 }, old), [])
  assert.equal(found({ tables: { ...TABLES, orders: 3 } }, old).length, 1)
})

test('of a few pages a share says nothing', () => {
  const tiny = QUIET.map(() => profile({ ...USUAL, size: 40_000 }))
  assert.deepEqual(found({ size: 40_000, changed: 1, density: 0.99, entropy: 7.9 }, tiny), [])
})
