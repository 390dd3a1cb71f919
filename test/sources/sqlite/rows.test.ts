import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { Dice } from '../../support/seeded-random.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { sqliteProcess } from '../../support/processes/sqlite-process.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { bench, counts } from './row-bench.ts'

const SHOP = `
  CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE invoice (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customer (id) ON DELETE CASCADE, total REAL);
  CREATE TABLE line (invoice INTEGER NOT NULL REFERENCES invoice (id) ON DELETE CASCADE, position INTEGER, text TEXT, PRIMARY KEY (invoice, position)) WITHOUT ROWID;
  CREATE TABLE note (text, number);
  INSERT INTO customer VALUES (1, 'Ann'), (2, 'Bob');
  INSERT INTO invoice VALUES (10, 1, 5.0), (11, 2, 7.5), (12, 2, 1.25);
  INSERT INTO line VALUES (10, 1, 'nails'), (10, 2, 'glue'), (11, 1, 'paint'), (12, 1, 'rope');
  INSERT INTO note VALUES ('x', 1), ('x', 1), ('x', 1.0), (NULL, x'00ff');
`

for (const journalMode of ['wal', 'delete']) {
  test(`rows that were added, removed and changed are counted and shown, in ${journalMode} mode`, async t => {
    const { sql, diff } = bench(t, SHOP, { journalMode })
    sql(
      "DELETE FROM line WHERE invoice = 10 AND position = 2; UPDATE customer SET name = 'ann' WHERE id = 1; INSERT INTO invoice VALUES (13, 1, NULL); DELETE FROM note WHERE rowid = 1; INSERT INTO note VALUES ('y', 2)"
    )
    const { tables, skipped } = await diff(5)
    assert.deepEqual(Object.fromEntries(tables.map(table => [table.table, counts(table)])), {
      customer: [0, 0, 1, 1],
      invoice: [1, 0, 0, 3],
      line: [0, 1, 0, 3],
      note: [1, 1, 0, 3]
    })
    assert.deepEqual(skipped, [])
    const [customer, invoice, line, note] = tables
    assert.deepEqual(customer?.rows, [{
      change: 'changed',
      before: { id: 1, name: 'Ann' },
      after: { id: 1, name: 'ann' },
      columns: ['name']
    }])
    assert.deepEqual(invoice?.rows, [{
      change: 'added',
      before: null,
      after: { id: 13, customer: 1, total: null },
      columns: []
    }])
    assert.deepEqual([line?.identity, line?.key, line?.rows], ['key', ['invoice', 'position'], [{
      change: 'removed',
      before: { invoice: 10, position: 2, text: 'glue' },
      after: null,
      columns: []
    }]])
    assert.deepEqual([note?.identity, note?.rows.map(({ change }) => change)], ['content', ['removed', 'added']])
  })
}

test('values that only look alike differ: a number and its text, a whole number and a real one, letters of another case', async t => {
  const { sql, diff } = bench(
    t,
    `
    CREATE TABLE v (id INTEGER PRIMARY KEY, value, word TEXT COLLATE NOCASE);
    INSERT INTO v VALUES (1, 1, 'a'), (2, 1, 'a'), (3, NULL, 'a'), (4, x'61', 'a'), (5, 9223372036854775807, 'a'), (6, 1, 'a'), (7, 9e999, 'a')`
  )
  sql(
    "UPDATE v SET value = '1' WHERE id = 1; UPDATE v SET value = 1.0 WHERE id = 2; UPDATE v SET value = '' WHERE id = 3; UPDATE v SET value = 'a' WHERE id = 4; UPDATE v SET value = 9223372036854775806 WHERE id = 5; UPDATE v SET word = 'A' WHERE id = 6; UPDATE v SET value = -9e999 WHERE id = 7"
  )
  const [table] = (await diff(10)).tables
  assert.equal(table?.changed, 7)
  assert.deepEqual(table.rows.map(({ before, after, columns }) => [before?.value, after?.value, columns[0]]), [
    [1, '1', 'value'],
    [1, 1, 'value'],
    [null, '', 'value'],
    [{ blob: '61' }, 'a', 'value'],
    [{ integer: '9223372036854775807' }, { integer: '9223372036854775806' }, 'value'],
    [1, 1, 'word'],
    [{ real: 'Infinity' }, { real: '-Infinity' }, 'value']
  ])
})

test('tables and columns that one side alone has are told, and virtual tables are left out with a reason', async t => {
  const { sql, diff } = bench(
    t,
    `${SHOP} CREATE TABLE old (x); INSERT INTO old VALUES (1); CREATE VIRTUAL TABLE words USING fts5 (text)`
  )
  sql(
    'DROP TABLE old; CREATE TABLE "new ""one""" (x); INSERT INTO "new ""one""" VALUES (1), (2); ALTER TABLE customer ADD COLUMN phone; ALTER TABLE invoice DROP COLUMN total'
  )
  const { tables, skipped } = await diff(1)
  const found = new Map(tables.map(table => [table.table, table]))
  assert.deepEqual([
    found.get('old')?.presence,
    found.get('old')?.removed,
    found.get('new "one"')?.presence,
    found.get('new "one"')?.added
  ], ['removed', 1, 'added', 2])
  assert.deepEqual([
    found.get('customer')?.columnsAdded,
    found.get('invoice')?.columnsRemoved,
    found.get('invoice')?.same
  ], [['phone'], ['total'], 3])
  assert.match(skipped.find(({ table }) => table === 'words')?.reason ?? '', /virtual/)
  assert.deepEqual((await diff(0, ['Customer'])).tables.map(({ table }) => table), ['customer'])
  assert.match((await rejectsWith('TABLE_NOT_FOUND', diff(0, ['nothing']))).hint ?? '', /^It has "customer"/)
  assert.match(
    (await rejectsWith('TABLE_NOT_FOUND', diff(0, ['custmer']))).hint ?? '',
    /^Did you mean "customer"\? It has "customer", /
  )
})

test('a key with nulls in it is no key: such rows are told apart by what is in them', async t => {
  const { sql, diff } = bench(
    t,
    "CREATE TABLE n (k TEXT PRIMARY KEY, v); INSERT INTO n VALUES (NULL, 1), (NULL, 1), ('a', 2)"
  )
  sql('DELETE FROM n WHERE rowid = 1')
  const [table] = (await diff()).tables
  assert.deepEqual([table?.identity, counts(table!)], ['content', [0, 1, 0, 2]])
})

test('rows come back with the parents that they need, and what was written since stays', async t => {
  const { sql, all, plan, rescue, diff } = bench(t, SHOP)
  sql(
    "PRAGMA foreign_keys = ON; DELETE FROM customer WHERE id = 2; INSERT INTO customer VALUES (3, 'Cid'); INSERT INTO invoice VALUES (20, 3, 9); UPDATE line SET text = 'screws' WHERE invoice = 10 AND position = 1"
  )
  const planned = await plan('line', "text = 'paint'")
  assert.deepEqual(planned.tables.map(({ table, chosen, parents, inserted }) => [table, chosen, parents, inserted]), [
    ['customer', 0, 1, 1],
    ['invoice', 0, 1, 1],
    ['line', 1, 0, 1]
  ])
  assert.deepEqual(all('SELECT count(*) FROM customer'), [[2]])
  assert.deepEqual(await rescue('line', "text = 'paint'"), planned)
  assert.deepEqual(all('SELECT * FROM line ORDER BY 1, 2'), [[10, 1, 'screws'], [10, 2, 'glue'], [11, 1, 'paint']])
  assert.deepEqual(all('SELECT id FROM invoice'), [[10], [11], [20]])
  assert.deepEqual(counts((await diff()).tables.find(({ table }) => table === 'invoice')!), [1, 1, 0, 2])
})

test('what a cascade took comes back with its parent where that is asked', async t => {
  const { sql, all, rescue } = bench(t, SHOP)
  sql('PRAGMA foreign_keys = ON; DELETE FROM customer WHERE id = 2; INSERT INTO note VALUES (1, 2)')
  assert.deepEqual(
    (await rescue('customer', 'id = 2', { children: true })).tables.map(
      ({ table, chosen, children, inserted }) => [table, chosen, children, inserted]
    ),
    [['customer', 1, 0, 1], ['invoice', 0, 2, 2], ['line', 0, 2, 2]]
  )
  assert.deepEqual(all('SELECT count(*) FROM line'), [[4]])
  assert.deepEqual(all('SELECT total, typeof(total) FROM invoice WHERE id = 11'), [[7.5, 'real']])
})

for (const [conflict, name, inserted] of [['skip', 'live', 1], ['overwrite', 'Bob', 1]] as const) {
  test(`a row that is in the way: with the policy ${conflict} "${name}" is there afterwards`, async t => {
    const { sql, all, rescue } = bench(t, SHOP)
    sql(
      "UPDATE customer SET name = 'live' WHERE id = 2; DELETE FROM line WHERE invoice = 12; DELETE FROM invoice WHERE id = 12; DELETE FROM customer WHERE id = 1"
    )
    const { tables: [customer], conflicts } = await rescue('customer', undefined, { conflict })
    assert.deepEqual([customer?.inserted, customer?.overwritten, customer?.skipped], [
      inserted,
      conflict === 'skip' ? 0 : 1,
      conflict === 'skip' ? 1 : 0
    ])
    assert.match(conflicts.join(), conflict === 'skip' ? /^"customer" 2 exists .* with other values$/ : /^$/)
    assert.deepEqual(all('SELECT name FROM customer ORDER BY id'), [['Ann'], [name]])
  })
}

test('with the policy fail one row in the way keeps all from being written', async t => {
  const { sql, all, rescue } = bench(t, SHOP)
  sql("UPDATE customer SET name = 'live' WHERE id = 2; DELETE FROM customer WHERE id = 1")
  assert.match(
    (await rejectsWith('ROWS_IN_THE_WAY', rescue('customer', undefined, { conflict: 'fail' }))).message,
    /"customer" 2 exists/
  )
  assert.deepEqual(all('SELECT name FROM customer'), [['live']])
})

test('a row that another one keeps from being unique is skipped, and stops an overwriting', async t => {
  const { sql, all, plan, rescue } = bench(t, SHOP)
  sql("DELETE FROM customer WHERE id = 1; INSERT INTO customer VALUES (7, 'Ann')")
  const { tables: [customer], conflicts } = await rescue('customer')
  assert.deepEqual([customer?.skipped, customer?.same, conflicts], [1, 1, [
    '"customer" 1 conflicts with another live row in UNIQUE (name)'
  ]])
  assert.equal((await plan('customer', undefined, { conflict: 'overwrite' })).tables[0]?.skipped, 1)
  await rejectsWith('ROWS_IN_THE_WAY', rescue('customer', undefined, { conflict: 'overwrite' }))
  assert.deepEqual(all('SELECT id FROM customer ORDER BY id'), [[2], [7]])
})

test('rows of a table without a key come back as often as they are missing', async t => {
  const { sql, all, plan, rescue } = bench(t, SHOP)
  sql("DELETE FROM note WHERE rowid IN (1, 4); INSERT INTO note VALUES ('new', 0)")
  const planned = await plan('note')
  assert.deepEqual([planned.tables[0]?.inserted, planned.tables[0]?.same], [2, 2])
  assert.deepEqual(await rescue('note'), planned)
  assert.deepEqual(await plan('note').then(({ tables }) => [tables[0]?.inserted, tables[0]?.same]), [0, 4])
  assert.deepEqual(all('SELECT text, number, typeof(number) FROM note ORDER BY rowid'), [
    ['x', 1, 'integer'],
    ['x', 1, 'real'],
    ['new', 0, 'integer'],
    ['x', 1, 'integer'],
    [null, Buffer.from([0, 255]), 'blob']
  ])
})

test('tables that refer to each other, and to themselves, are no obstacle', async t => {
  const { sql, all, rescue } = bench(
    t,
    `
    CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b (id));
    CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a (id), up INTEGER REFERENCES b);
    INSERT INTO a VALUES (1, NULL), (2, NULL); INSERT INTO b VALUES (1, 1, NULL), (2, 2, 1); UPDATE a SET b = id`
  )
  sql('DELETE FROM a; DELETE FROM b')
  assert.deepEqual((await rescue('b', 'id = 2')).tables.map(({ table, inserted }) => [table, inserted]).toSorted(), [[
    'a',
    2
  ], ['b', 2]])
  assert.deepEqual(all('SELECT * FROM b'), [[1, 1, null], [2, 2, 1]])
})

test('a row that was an orphan in the backup already comes back as it was, and is told', async t => {
  const { sql, all, rescue } = bench(t, `${SHOP} INSERT INTO invoice VALUES (99, 98, 0)`)
  sql('DELETE FROM invoice WHERE id = 99')
  assert.equal((await rescue('invoice', 'id = 99')).orphans, 1)
  assert.deepEqual(all('SELECT customer FROM invoice WHERE id = 99'), [[98]])
})

test('triggers are named in the plan and fire; one that refuses keeps everything from being written', async t => {
  const { sql, all, plan, rescue } = bench(
    t,
    `${SHOP} CREATE TABLE log (what); CREATE TRIGGER logged AFTER INSERT ON customer BEGIN INSERT INTO log VALUES (new.name); END`
  )
  sql('DELETE FROM customer')
  assert.deepEqual((await plan('customer')).tables[0]?.triggers, ['logged'])
  await rescue('customer', 'id = 1')
  assert.deepEqual(all('SELECT * FROM log'), [['Ann']])
  sql(
    "CREATE TRIGGER never BEFORE INSERT ON customer WHEN new.id = 2 BEGIN SELECT raise(ABORT, 'closed'); END; DELETE FROM customer"
  )
  assert.match((await rejectsWith('ROWS_REFUSED', rescue('customer'))).message, /closed/)
  assert.deepEqual(all('SELECT * FROM customer'), [])
})

test('a column that the live table has no more is refused, one that it has besides takes its default', async t => {
  const { sql, all, rescue } = bench(t, SHOP)
  sql(
    "DELETE FROM customer WHERE id = 1; ALTER TABLE customer ADD COLUMN vip DEFAULT 'no'; DELETE FROM invoice; ALTER TABLE invoice DROP COLUMN total"
  )
  await rescue('customer')
  assert.deepEqual(all('SELECT vip FROM customer WHERE id = 1'), [['no']])
  assert.match((await rejectsWith('ROWS_REFUSED', rescue('invoice'))).message, /"total"/)
})

test('a database that is held is waited for, and its holder named', async t => {
  const { live, all, sql, plan, rescue } = bench(t, SHOP)
  sql('DELETE FROM customer')
  const holder = await sqliteProcess(t, live, 'BEGIN IMMEDIATE')
  assert.match(
    (await rejectsWith('SOURCE_LOCKED', rescue('customer', undefined, { timeout: 100 }))).message,
    new RegExp(`\\b${holder.pid}\\b`)
  )
  assert.equal((await plan('customer')).tables[0]?.inserted, 2)
  const waiting = rescue('customer')
  await holder.stop()
  await waiting
  assert.equal(all('SELECT * FROM customer').length, 2)
})

const KILLS = 8

test('killed at any instant, a rescue has written everything or nothing', async t => {
  const { live, backup, rows, all, sql } = bench(
    t,
    `CREATE TABLE big (id INTEGER PRIMARY KEY, text);
    INSERT INTO big WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000) SELECT i, 'row ' || i FROM n`
  )
  const outcomes = { nothing: 0, all: 0 }
  let whole = Infinity
  for (let n = 0; n < KILLS; n++) {
    sql('DELETE FROM big')
    const begun = performance.now()
    // The first runs to its end, and gives the scale for the others; while its process starts nothing can be lost.
    const killed = Number.isFinite(whole) ? AbortSignal.timeout(Math.round(whole * (1 - 0.7 * n / KILLS))) : never
    const request = { selections: [{ table: 'big' }], children: false, conflict: 'skip', timeout: 1000 } as const
    await rows.rescue(backup, { location: live }, request, killed).catch(() => {})
    if (n === 0) whole = performance.now() - begun
    const [[count]] = all('SELECT count(*) FROM big') as [[number]]
    assert.ok(count === 0 || count === 20_000, `${count} rows`)
    outcomes[count === 0 ? 'nothing' : 'all']++
  }
  assert.ok(outcomes.nothing > 0 && outcomes.all > 0, JSON.stringify(outcomes))
})

/** What `diff` must say, found out by comparing every row in memory. */
function naive (before: readonly string[][], after: readonly string[][], keys: number): number[] {
  if (keys === 0) {
    const left = [...after.map(String)]
    const gone = before.filter(row => {
      const at = left.indexOf(String(row))
      if (at !== -1) left.splice(at, 1)
      return at === -1
    })
    return [left.length, gone.length, 0, before.length - gone.length]
  }
  const keyOf = (row: readonly string[]): string => String(row.slice(0, keys))
  const found = new Map(after.map(row => [keyOf(row), String(row)]))
  const matched = before.filter(row => found.has(keyOf(row)))
  const same = matched.filter(row => found.get(keyOf(row)) === String(row)).length
  return [after.length - matched.length, before.length - matched.length, matched.length - same, same]
}

const VALUES = [
  "''",
  "'a'",
  "'A'",
  "'it''s'",
  '0',
  '1',
  '1.5',
  '-1',
  "x'00'",
  "x'61'",
  '9223372036854775807',
  "'ünïcödé \u{1f4be}'"
]
const SEED = Number(process.env.HOLDFAST_SEED ?? 7)
const ROUNDS = 5

test(`whatever is done to whatever table, the counts are those of a naive comparison, and what was removed can be brought back (HOLDFAST_SEED=${SEED})`, async t => {
  const dice = new Dice(SEED)
  for (let round = 0; round < ROUNDS; round++) {
    const tables = Array.from({ length: 4 }, (_, at) => {
      const keys = dice.between(0, 2)
      const columns = ['k "1"', 'k2', 'väl', 'group'].map(name => `"${name.replaceAll('"', '""')}"`)
      return {
        name: `"t ${at} 'x'"`,
        plain: `t ${at} 'x'`,
        keys,
        columns,
        suffix: keys > 0 && dice.chance(0.5) ? ' WITHOUT ROWID' : ''
      }
    })
    const insert = ({ name }: { readonly name: string }): string =>
      `INSERT OR IGNORE INTO ${name} VALUES (${Array.from({ length: 4 }, () => dice.pick(VALUES)).join(', ')});`
    const schema = tables.map(table =>
      `CREATE TABLE ${table.name} (${table.columns.join(', ')}${
        table.keys === 0 ? '' : `, PRIMARY KEY (${table.columns.slice(0, table.keys).join(', ')})`
      })${table.suffix};${Array.from({ length: 30 }, () => insert(table)).join('')}`
    ).join('')
    const { image, backup, live, rows, sql, all, diff } = bench(t, schema, {
      journalMode: dice.pick(['wal', 'delete'])
    })
    sql(
      tables.flatMap(table =>
        Array.from({ length: 12 }, () =>
          dice.pick([
            insert(table),
            `DELETE FROM ${table.name} WHERE ${dice.pick(table.columns)} IS ${dice.pick(VALUES)};`,
            `UPDATE OR IGNORE ${table.name} SET ${dice.pick(table.columns)} = ${dice.pick(VALUES)} WHERE ${
              dice.pick(table.columns)
            } IS ${dice.pick(VALUES)};`
          ]))
      ).join('')
    )
    const read = (rows: readonly unknown[]): string[][] => rows as string[][]
    const query = (table: typeof tables[number]): string =>
      `SELECT ${table.columns.map(column => `typeof(${column}) || quote(${column})`).join(', ')} FROM ${table.name}`
    const before = new Database(image, { readonly: true })
    const found = new Map((await diff(1000)).tables.map(table => [table.table, table]))
    for (const table of tables) {
      const told = found.get(table.plain)
      assert.ok(told !== undefined)
      assert.deepEqual(
        counts(told),
        naive(read(before.prepare(query(table)).raw().all()), read(all(query(table))), table.keys),
        `round ${round}, ${table.name}`
      )
      assert.deepEqual(
        ['added', 'removed', 'changed'].map(change => told.rows.filter(row => row.change === change).length),
        counts(told).slice(0, 3)
      )
    }
    before.close()
    await rows.rescue(backup, { location: live }, {
      selections: tables.map(({ plain }) => ({ table: plain })),
      children: false,
      conflict: 'skip',
      timeout: 5000
    }, never)
    for (const table of (await diff()).tables) assert.equal(table.removed, 0, table.table)
  }
})

test('rows go to a file as CSV, which is new', async t => {
  const { backup, rows } = bench(
    t,
    `CREATE TABLE c (id INTEGER PRIMARY KEY, "a ""b""", n);
    INSERT INTO c VALUES (1, 'say "hi", ok', NULL), (2, '', x'00ff'), (3, 'two' || char(13, 10) || 'lines', 9223372036854775807), (4, 'no', 0), (5, '=1+1', '@SUM(1)')`
  )
  const file = join(tempDir(t), 'out.csv')
  assert.equal(await rows.extract(backup, { table: 'c', where: 'id < 4' }, file, never), 3)
  assert.equal(
    readFileSync(file, 'utf8'),
    'id,"a ""b""",n\r\n1,"say ""hi"", ok",\r\n2,"",x\'00ff\'\r\n3,"two\r\nlines",9223372036854775807\r\n'
  )
  const formulas = `${file}.formulas`
  await rows.extract(backup, { table: 'c', where: 'id > 4' }, formulas, never)
  assert.match(readFileSync(formulas, 'utf8'), /\r\n5,=1\+1,@SUM\(1\)\r\n$/, 'values are exact, as docs/cli.md says')
  await rejectsWith('RESTORE_TARGET_EXISTS', rows.extract(backup, { table: 'c' }, file, never))
  await rejectsWith('RESTORE_TARGET_INVALID', rows.extract(backup, { table: 'c' }, join(file, 'x'), never))
  const other = `${file}.other`
  await rejectsWith('VALIDATION_FAILED', rows.extract(backup, { table: 'c', where: '(' }, other, never))
  assert.equal(existsSync(other), false)
})
