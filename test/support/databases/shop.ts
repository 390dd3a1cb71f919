import Database from 'better-sqlite3'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { sqliteSource } from '../../../src/sources/sqlite/sqlite-source.ts'
import type { Source } from '../../../src/core/ports/source.ts'
import { tempDir } from '../temp-dir.ts'

/** A small real database with tables, an index, a reference and a view, and the source that protects it. */
export function shopDatabase (
  t: Pick<TestContext, 'after'>,
  name = 'shop'
): { readonly source: Source, readonly path: string } {
  const home = tempDir(t)
  const path = join(home, `${name}.db`)
  const db = new Database(path)
  db.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE invoice (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customer (id), total INTEGER);
    CREATE INDEX invoice_customer ON invoice (customer);
    CREATE VIEW owed AS SELECT customer, sum(total) AS total FROM invoice GROUP BY customer;
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO customer SELECT i, 'customer ' || i FROM n;
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO invoice SELECT i, i % 200 + 1, i * 7 FROM n;
  `)
  db.close()
  return { source: sqliteSource({ name, path, busyTimeout: 5000, scratchDir: home }), path }
}
