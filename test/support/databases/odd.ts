import Database from 'better-sqlite3'

export interface OddDatabase {
  readonly make: string
  /** Names of functions that the application defines, which do no more than return their argument. */
  readonly functions?: readonly string[]
  /** Definitions that take the place of those made, by name. */
  readonly redefined?: Readonly<Record<string, string>>
}

/**
 * Makes a database with definitions that its data or this library does not satisfy, and a table `note` with one row.
 */
export function makeOdd (
  path: string,
  { make, functions = [], redefined = {} }: OddDatabase,
  journalMode = 'wal'
): void {
  const db = new Database(path)
  db.unsafeMode()
  for (const name of functions) db.function(name, { deterministic: true }, value => value)
  db.pragma(`journal_mode = ${journalMode}`)
  db.exec(`${make}; CREATE TABLE note (t); INSERT INTO note VALUES ('before'); PRAGMA writable_schema = ON`)
  const redefine = db.prepare('UPDATE sqlite_schema SET sql = ? WHERE name = ?')
  for (const [name, sql] of Object.entries(redefined)) redefine.run(sql, name)
  db.close()
}

/** Data that broke its constraints, as a migration that added them leaves it. */
export const BROKEN: Readonly<Record<string, OddDatabase & { readonly finding: RegExp }>> = {
  'NULL in a NOT NULL column': {
    make: 'CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT); INSERT INTO t (n) VALUES (NULL)',
    redefined: { t: 'CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT NOT NULL)' },
    finding: /NULL value in t\.n/
  },
  'another type in a STRICT table': {
    make: "CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t (v) VALUES ('text')",
    redefined: { t: 'CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER) STRICT' },
    finding: /non-INTEGER value in t\.v/
  },
  'text in a column of numbers': {
    make: "CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t (v) VALUES ('1')",
    redefined: { t: 'CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER)' },
    finding: /TEXT value in t\.v/
  },
  'a number in a column of text': {
    make: 'CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t (v) VALUES (1)',
    redefined: { t: 'CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)' },
    finding: /NUMERIC value in t\.v/
  },
  'a value twice in a UNIQUE index': {
    make: 'CREATE TABLE t (v); INSERT INTO t VALUES (1), (1); CREATE INDEX i ON t (v)',
    redefined: { i: 'CREATE UNIQUE INDEX i ON t (v)' },
    finding: /non-unique entry in index i/
  },
  'more broken rows than SQLite reports by itself': {
    make:
      'CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT); WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 500) INSERT INTO t (n) SELECT NULL FROM c',
    redefined: { t: 'CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT NOT NULL)' },
    finding: /^as in the source, 500 values violate a constraint: NULL value in t\.n \(500 times\)$/
  }
}

/** What only the application of the database brings along. */
export const FOREIGN: Readonly<Record<string, OddDatabase>> = {
  'an index with a collation': {
    make:
      "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT COLLATE NOCASE); INSERT INTO t (v) VALUES ('a'), ('B'); CREATE INDEX i ON t (v)",
    redefined: { t: 'CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT COLLATE LOCALIZED)' }
  },
  'an index on a function': {
    make: "CREATE TABLE t (v); INSERT INTO t VALUES ('a'), ('B'); CREATE INDEX i ON t (theirs(v))",
    functions: ['theirs']
  },
  'a generated column with a function': {
    make: "CREATE TABLE t (v, w AS (theirs(v))); INSERT INTO t (v) VALUES ('a'); CREATE INDEX i ON t (w)",
    functions: ['theirs']
  },
  'a CHECK with a function': {
    make: 'CREATE TABLE t (v CHECK (theirs(v))); INSERT INTO t VALUES (1)',
    functions: ['theirs']
  },
  'a partial index with a function': {
    make: 'CREATE TABLE t (v); INSERT INTO t VALUES (1); CREATE INDEX i ON t (v) WHERE theirs(v)',
    functions: ['theirs']
  },
  'a tokenizer': {
    make: "CREATE VIRTUAL TABLE t USING fts5 (v); INSERT INTO t VALUES ('one two')",
    redefined: { t: 'CREATE VIRTUAL TABLE t USING fts5 (v, tokenize = theirs)' }
  },
  'a module of virtual tables': {
    make: 'CREATE VIRTUAL TABLE t USING fts5 (v)',
    redefined: { t: 'CREATE VIRTUAL TABLE t USING theirs' }
  }
}
