import { join } from 'node:path'
import type { TestContext } from 'node:test'
import Database from 'better-sqlite3'
import { sqliteSource } from '../../../src/sources/sqlite/sqlite-source.ts'
import { commandLine, type CommandLine, type CommandLineOptions } from './command-line.ts'
import { tempDir } from '../temp-dir.ts'

export interface People extends CommandLine {
  /** The directory of the database, and the working directory of the commands. */
  readonly home: string
  /** The names in the live database now, by id. */
  names(): unknown[]
}

/** What the backup holds: three people, and a virtual table, which cannot be compared. */
export const PEOPLE =
  "PRAGMA journal_mode = WAL; CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, photo BLOB); INSERT INTO person VALUES (1, 'Ann', x'00ff'), (2, 'Bob', NULL), (3, 'Cid', NULL); CREATE VIRTUAL TABLE words USING fts5 (text)"
/** What was written since: one row is removed, one changed, one added. */
export const SINCE =
  "DELETE FROM person WHERE id = 1; UPDATE person SET name = 'Cyd' WHERE id = 3; INSERT INTO person VALUES (4, 'Dan', NULL)"

/** Commands over a real database: backup 1 holds `PEOPLE`, and `SINCE` was written after it. */
export async function people (t: Pick<TestContext, 'after'>, options: CommandLineOptions = {}): Promise<People> {
  const home = tempDir(t)
  const path = join(home, 'people.db')
  const live = new Database(path)
  t.after(() => live.close())
  live.exec(PEOPLE)
  const line = await commandLine(t, {
    ...options,
    deps: { cwd: home, ...options.deps },
    sources: [sqliteSource({ name: 'people', path, busyTimeout: 1000, scratchDir: home })]
  })
  await line.create({ compression: 'zstd' })
  live.exec(SINCE)
  return { ...line, home, names: () => live.prepare('SELECT name FROM person ORDER BY id').pluck().all() }
}
