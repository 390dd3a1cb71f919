import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { ACCOUNTS } from '../test/support/databases/money.ts'

export const BENCH_DIRECTORY = join(tmpdir(), 'holdfast-bench')

/**
 * A money database in WAL mode of about so many megabytes, made once and kept: text, numbers and an index, as
 * applications have them.
 */
export function database (megabytes: number): string {
  mkdirSync(BENCH_DIRECTORY, { recursive: true })
  const path = join(BENCH_DIRECTORY, `money-${megabytes}.db`)
  if (existsSync(path) && statSync(path).size >= megabytes * 1e6) return path
  const db = new Database(`${path}.new`)
  db.exec(`
    PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
    CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
    CREATE TABLE entry (id INTEGER PRIMARY KEY, account INTEGER NOT NULL REFERENCES account (id), note TEXT, amount INTEGER, at TEXT);
    CREATE INDEX entry_at ON entry (at);
  `)
  const account = db.prepare('INSERT INTO account (balance) VALUES (1000)')
  db.transaction(() => {
    for (let i = 0; i < ACCOUNTS; i++) account.run()
  })()
  const insert = db.prepare(`
    WITH RECURSIVE n (i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n LIMIT 100000)
    INSERT INTO entry (account, note, amount, at)
    SELECT i % ${ACCOUNTS} + 1, 'order ' || i || ' ' || hex(randomblob(12)) || ' shipped to customer with standard terms', i * 7919 % 100000, datetime(1600000000 + i, 'unixepoch')
    FROM n`)
  for (let i = 0; pageBytes(db) < megabytes * 1e6; i += 100_000) insert.run(i)
  db.close()
  renameSync(`${path}.new`, path)
  return path
}

function pageBytes (db: Database.Database): number {
  return Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }))
}
