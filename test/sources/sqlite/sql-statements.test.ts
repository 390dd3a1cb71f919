import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SqlStatements, STATEMENT_LIMIT } from '../../../src/sources/sqlite/sql-statements.ts'
import { chunks } from '../../support/streams.ts'

interface Split {
  readonly statements: readonly string[]
  readonly words: ReadonlyArray<readonly string[]>
  readonly isCutOff: boolean
}

function split (sql: string, chunkSize = 1000): Split {
  const statements: string[] = []
  const words: Array<readonly string[]> = []
  const splitter = new SqlStatements(statement => {
    statements.push(statement.bytes.toString().trim())
    words.push(statement.words)
  })
  for (const chunk of chunks(Buffer.from(sql), chunkSize)) splitter.write(chunk)
  return { isCutOff: splitter.end(), statements, words }
}

const TRIGGER = `CREATE TRIGGER t AFTER INSERT ON a BEGIN
  UPDATE a SET b = CASE WHEN b > 0 THEN 1 ELSE 2 END; DELETE FROM c WHERE d = 'x; END;';
END;`
const STATEMENTS = [
  'PRAGMA foreign_keys=OFF;',
  'BEGIN TRANSACTION;',
  "INSERT INTO a VALUES(1,'it''s; -- no comment','/* nor this */');",
  'INSERT INTO "a;b" VALUES(1);',
  'INSERT INTO [c;d] VALUES(`e;f`);',
  "INSERT INTO a VALUES(X'00ff',-1.5e-3,NULL);",
  'CREATE TABLE ende(trigger_name TEXT, "temp" TEXT);',
  TRIGGER,
  TRIGGER.replace('CREATE TRIGGER', 'CREATE TEMP TRIGGER'),
  "INSERT INTO a VALUES('Grüße; ☃');",
  'COMMIT;'
]

test('a dump is taken apart into its statements, whatever the size of the pieces that it comes in', () => {
  const sql = `${STATEMENTS.join('\n')}\n`
  for (const size of [1, 2, 3, 7, 64, 100_000]) {
    const { statements, isCutOff } = split(sql, size)
    assert.deepEqual([statements, isCutOff], [STATEMENTS, false], `pieces of ${size} bytes`)
  }
})

test('comments belong to the statement after them, and what is in them ends none', () => {
  const sql = "-- it's; a comment\nSELECT 1; /* and ; one\n more' */ SELECT 2; -- the end"
  for (const size of [1, 5, 1000]) {
    const { words, isCutOff } = split(sql, size)
    assert.deepEqual([words, isCutOff], [[['SELECT', '1'], ['SELECT', '2']], false])
  }
})

test('the words are those that the statement begins with, and empty for something else', () => {
  assert.deepEqual(split("insert Into x values('a'); (SELECT 1); ;;").words, [
    ['INSERT', 'INTO', 'X'],
    ['', 'SELECT', '1']
  ])
})

for (const sql of ["INSERT INTO a VALUES('x", 'SELECT 1', 'SELECT 1; /* open', TRIGGER.slice(0, -5), 'SELECT "x;']) {
  test(`${JSON.stringify(sql.slice(-12))} at the end is a statement that was cut off`, () => {
    assert.equal(split(sql, 4).isCutOff, true)
  })
}

test('a statement of any length is searched once, and one beyond the limit is refused', () => {
  const chunk = Buffer.alloc(8 * 1024 * 1024, 'x')
  let found = 0
  const fits = new SqlStatements(({ bytes }) => {
    found = bytes.length
  })
  fits.write(Buffer.from("INSERT INTO a VALUES('"))
  for (let i = 0; i < 4; i++) fits.write(chunk)
  fits.write(Buffer.from("');"))
  assert.equal(found, 4 * chunk.length + 25)

  const large = new SqlStatements(() => assert.fail('it was passed on'))
  large.write(Buffer.from("INSERT INTO a VALUES('"))
  assert.throws(() => {
    for (let i = 0; i <= STATEMENT_LIMIT / chunk.length; i++) large.write(chunk)
  }, RangeError)
})
