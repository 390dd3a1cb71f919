import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { Dice } from '../../support/seeded-random.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never } from '../../support/streams.ts'
import { bench, counts } from './row-bench.ts'

const PEOPLE = `
  CREATE TABLE person (id INTEGER PRIMARY KEY, email TEXT UNIQUE);
  CREATE TABLE letter (id INTEGER PRIMARY KEY, person INTEGER REFERENCES person (id), text);
  INSERT INTO person VALUES (1, 'a@x'), (2, 'b@x');
  INSERT INTO letter VALUES (1, 1, 'one'), (2, 2, 'two'), (3, 77, 'nobody knows whose');
`

test('a row that stays as it is brings no parent along', async t => {
  const { sql, all, rescue } = bench(t, PEOPLE)
  sql("DELETE FROM person WHERE id = 1; UPDATE letter SET person = NULL, text = 'new' WHERE id = 1")
  const { tables } = await rescue('letter', 'id = 1')
  assert.deepEqual(tables.map(({ table, chosen, skipped }) => [table, chosen, skipped]), [['letter', 1, 1]])
  assert.deepEqual(all('SELECT id FROM person'), [[2]])
})

for (const [who, where] of [['', 'id = 1'], [', beside one that was an orphan before', 'id IN (1, 3)']] as const) {
  test(`a row whose parent another one keeps out is refused, and the plan says so${who}`, async t => {
    const { sql, all, plan, rescue } = bench(t, PEOPLE)
    sql("DELETE FROM letter; DELETE FROM person WHERE id = 1; INSERT INTO person VALUES (9, 'a@x')")
    const planned = await plan('letter', where)
    assert.deepEqual([planned.refused, planned.conflicts], [true, [
      '"person" 1 conflicts with another live row in UNIQUE (email)',
      '"letter" 1 needs "person" 1, which is not included'
    ]])
    assert.match((await rejectsWith('ROWS_IN_THE_WAY', rescue('letter', where))).message, /"letter" 1 needs "person" 1/)
    assert.deepEqual(all('SELECT count(*) FROM letter'), [[0]])
  })
}

test('a plan that the policy refuses is told as such, and nothing is thrown for it', async t => {
  const { sql, plan } = bench(t, PEOPLE)
  sql("UPDATE person SET email = 'c@x' WHERE id = 1")
  const refused = await Promise.all(
    (['skip', 'overwrite', 'fail'] as const).map(async conflict =>
      (await plan('person', undefined, { conflict })).refused
    )
  )
  assert.deepEqual(refused, [false, false, true])
})

test('an index that compares in its own way keeps a row out, and is named', async t => {
  const { sql, rescue } = bench(
    t,
    "CREATE TABLE t (id INTEGER PRIMARY KEY, word); CREATE UNIQUE INDEX words ON t (word COLLATE NOCASE); INSERT INTO t VALUES (1, 'Ann')"
  )
  sql("DELETE FROM t; INSERT INTO t VALUES (2, 'ANN')")
  assert.deepEqual((await rescue('t')).conflicts, ['"t" 1 conflicts with another live row in the index "words"'])
})

test('an overwritten row is afterwards as in the backup, also in a key that only counts as the same, and its children stay', async t => {
  const { sql, all, rescue } = bench(
    t,
    `
    CREATE TABLE word (word TEXT COLLATE NOCASE PRIMARY KEY, n) WITHOUT ROWID;
    CREATE TABLE used (id INTEGER PRIMARY KEY, word TEXT COLLATE NOCASE REFERENCES word ON DELETE CASCADE);
    INSERT INTO word VALUES ('Ann', 1); INSERT INTO used VALUES (1, 'ann')`
  )
  sql("UPDATE word SET word = 'ANN', n = 2; INSERT INTO used VALUES (2, 'ann')")
  assert.equal((await rescue('word', undefined, { conflict: 'overwrite' })).tables[0]?.overwritten, 1)
  assert.deepEqual([all('SELECT * FROM word'), all('SELECT id FROM used')], [[['Ann', 1]], [[1], [2]]])
})

test('an overwriting that would leave live rows without what they refer to is refused', async t => {
  const { sql, all, rescue } = bench(
    t,
    "CREATE TABLE country (id INTEGER PRIMARY KEY, code TEXT UNIQUE); CREATE TABLE town (id INTEGER PRIMARY KEY, country TEXT REFERENCES country (code)); INSERT INTO country VALUES (1, 'DDR')"
  )
  sql("UPDATE country SET code = 'DE'; INSERT INTO town VALUES (1, 'DE')")
  assert.match(
    (await rejectsWith('ROWS_REFUSED', rescue('country', undefined, { conflict: 'overwrite' }))).message,
    /FOREIGN KEY/
  )
  assert.deepEqual(all('SELECT code FROM country'), [['DE']])
})

test('a key that compares otherwise than that of the backup is none', async t => {
  const { sql, diff } = bench(
    t,
    "CREATE TABLE t (k TEXT PRIMARY KEY, v); INSERT INTO t VALUES ('a', 1), ('A', 2), ('b', 3)"
  )
  sql("DROP TABLE t; CREATE TABLE t (k TEXT COLLATE NOCASE PRIMARY KEY, v); INSERT INTO t VALUES ('a', 1), ('B', 3)")
  const [table] = (await diff()).tables
  assert.deepEqual([table?.identity, counts(table!)], ['content', [1, 2, 0, 1]])
})

test('a table of which no column is left has lost all rows and gained all', async t => {
  const { sql, diff } = bench(t, 'CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)')
  sql('DROP TABLE t; CREATE TABLE t (b); INSERT INTO t VALUES (3)')
  const [table] = (await diff(5)).tables
  assert.deepEqual([counts(table!), table?.rows.map(({ before, after }) => before ?? after)], [[1, 2, 0, 0], [
    { a: 1 },
    { a: 2 },
    { b: 3 }
  ]])
})

test('a condition that is none only for some row is refused as well', async t => {
  const { rescue } = bench(t, PEOPLE)
  await rejectsWith('VALIDATION_FAILED', rescue('letter', "json(text) = '1'"))
})

test('a reference that is younger than the backup is no obstacle', async t => {
  const { sql, all, rescue } = bench(t, PEOPLE)
  sql('DELETE FROM letter; ALTER TABLE letter ADD COLUMN reader INTEGER REFERENCES person (id)')
  assert.equal((await rescue('letter', 'id = 2')).tables[0]?.inserted, 1)
  assert.deepEqual(all('SELECT id, reader FROM letter'), [[2, null]])
})

test('rows of a large table without a key are told apart in one go', async t => {
  const { sql, all, rescue } = bench(
    t,
    "CREATE TABLE log (at, text); INSERT INTO log WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 60000) SELECT i / 2, 'line' FROM n"
  )
  sql('DELETE FROM log WHERE rowid % 3 = 0')
  const { tables: [log] } = await rescue('log')
  assert.deepEqual([log?.inserted, log?.same], [20_000, 40_000])
  assert.deepEqual(all('SELECT count(*), count(DISTINCT at) FROM log'), [[60_000, 30_001]])
})

test('a database that nobody has open is as tidy after a look as it was before', async t => {
  const { live, close, diff, plan } = bench(t, PEOPLE)
  close()
  await diff()
  await plan('letter')
  assert.deepEqual(readdirSync(dirname(live)).toSorted(), ['image.db', 'live.db'])
})

const SEED = Number(process.env.HOLDFAST_SEED ?? 11)

test(`whatever refers to whatever, a rescued row has all that it needs, and a rescue of what cascaded brings everything back (HOLDFAST_SEED=${SEED})`, async t => {
  const dice = new Dice(SEED)
  for (let round = 0; round < 4; round++) {
    // Each row refers to rows of any table, also of its own, and so in circles.
    const targets = [0, 1, 2, 3].map(() => [dice.between(0, 3), dice.between(0, 3)] as const)
    const idOf = (): number | 'NULL' => dice.chance(0.2) ? 'NULL' : dice.between(1, 15)
    const schema = targets.map(([a, b], at) => `
      CREATE TABLE t${at} (id INTEGER PRIMARY KEY, a INTEGER REFERENCES t${a} ON DELETE CASCADE, b INTEGER REFERENCES t${b} (id) ON DELETE CASCADE);
      ${
      Array.from({ length: 15 }, (_, id) => `INSERT INTO t${at} VALUES (${id + 1}, ${idOf()}, ${idOf()});`).join('')
    }`).join('')
    const { sql, all, diff, rescue, rows, backup, live } = bench(t, schema)
    sql(
      `PRAGMA foreign_keys = ON; ${
        targets.map((_, at) => `DELETE FROM t${at} WHERE id = ${dice.between(1, 15)};`).join('')
      }`
    )
    const id = dice.between(1, 15)
    await rescue('t0', `id = ${id}`)
    assert.deepEqual(all(`SELECT id FROM t0 WHERE id = ${id}`), [[id]], `round ${round}`)
    assert.deepEqual(all('PRAGMA foreign_key_check'), [], `round ${round}`)
    await rows.rescue(backup, { location: live }, {
      selections: targets.map((_, at) => ({ table: `t${at}` })),
      children: dice.chance(0.5),
      conflict: 'fail',
      timeout: 5000
    }, never)
    for (const table of (await diff()).tables) {
      assert.deepEqual(counts(table), [0, 0, 0, 15], `round ${round}, ${table.table}`)
    }
  }
})
