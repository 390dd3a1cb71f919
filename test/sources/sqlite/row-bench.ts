import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import Database from 'better-sqlite3'
import type { Restorable } from '../../../src/core/restore/restorable.ts'
import type { Difference, Rescue, RescueOptions, RowTool, TableDifference } from '../../../src/core/restore/rows.ts'
import { sqliteRows } from '../../../src/sources/sqlite/rows/rows.ts'
import { restorableOf } from '../../support/sources/images.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

export interface Bench {
  readonly live: string
  readonly image: string
  /** Of the image. */
  readonly backup: Restorable
  readonly rows: RowTool
  /** Runs SQL on the live database, as an application would. */
  sql(text: string): void
  all(query: string): unknown[]
  /** Ends the application's connection. */
  close(): void
  diff(limit?: number, tables?: readonly string[]): Promise<Difference>
  rescue(table: string, where?: string, request?: Partial<RescueOptions>): Promise<Rescue>
  plan(table: string, where?: string, request?: Partial<RescueOptions>): Promise<Rescue>
}

/** A live database and an image of it, both as `schema` makes them. */
export function bench (t: TestContext, schema: string, { journalMode = 'wal' } = {}): Bench {
  const home = tempDir(t)
  const [live, image] = [join(home, 'live.db'), join(home, 'image.db')]
  const made = new Database(image)
  // As the command line of SQLite has it, and most applications that do not ask for more.
  made.pragma('foreign_keys = OFF')
  made.exec(schema)
  made.close()
  copyFileSync(image, live)
  const db = new Database(live)
  db.pragma(`journal_mode = ${journalMode}`)
  db.pragma('foreign_keys = OFF')
  t.after(() => db.close())
  const backup = restorableOf(image)
  const rows = sqliteRows(home)
  const requestFor = (table: string, where: string | undefined, request: Partial<RescueOptions>): RescueOptions => ({
    selections: [{ table, where }],
    children: false,
    conflict: 'skip',
    timeout: 5000,
    ...request
  })
  return {
    live,
    image,
    backup,
    rows,
    sql: text => {
      db.exec(text)
    },
    all: query => db.prepare(query).raw().all(),
    close: () => {
      db.close()
    },
    diff: (limit = 0, tables) => rows.diff(backup, { location: live }, { rows: limit, tables }, never),
    rescue: (table, where, request = {}) =>
      rows.rescue(backup, { location: live }, requestFor(table, where, request), never),
    plan: (table, where, request = {}) =>
      rows.plan(backup, { location: live }, requestFor(table, where, request), never)
  }
}

export function counts ({ added, removed, changed, same }: TableDifference): number[] {
  return [added, removed, changed, same]
}
