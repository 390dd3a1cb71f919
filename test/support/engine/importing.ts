import { mkdirSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Source } from '../../../src/core/ports/source.ts'
import type { Imported, ImportRequest } from '../../../src/engine/backup/import.ts'
import { sqliteTools } from '../../../src/sources/sqlite/tools.ts'
import { DEFAULT_LIMITS } from '../../../src/sources/subprocess.ts'
import { makeMoney } from '../databases/money.ts'
import { tempDir } from '../temp-dir.ts'
import { testEngine, type TestEngine, type TestEngineOptions } from './engine.ts'

export interface Importing extends TestEngine {
  /** The live database of the source `shop`. */
  readonly live: string
  /** A directory with files of other programs. */
  readonly old: string
  /** Makes a database in `old` with so many rows, last changed at `modified` (default: long after its name's time). */
  oldDatabase(name: string, entries?: number, modified?: Date): string
  /** Imports a file to the end. `path`: default in `old`. */
  importFile(name: string, request?: Partial<ImportRequest>): Promise<Imported>
}

/** The last change of the files: after the times in their names, before the time of the clock. */
export const CHANGED = new Date('2025-11-20T12:00:00.000Z')

/** An engine with the source `shop`, a SQLite database of 1000 accounts and 100 entries. */
export async function importing (t: TestContext, options: TestEngineOptions = {}): Promise<Importing> {
  const home = tempDir(t)
  const live = join(home, 'shop.db')
  const old = join(home, 'old')
  mkdirSync(old)
  makeMoney(live, { entries: 100 })
  const bench = await testEngine(t, { sources: [sqliteShop(t, live)], ...options })
  return {
    ...bench,
    live,
    old,
    oldDatabase (name, entries = 100, modified = CHANGED) {
      const path = join(old, name)
      rmSync(path, { force: true })
      makeMoney(path, { journalMode: 'delete', entries })
      utimesSync(path, modified, modified)
      return path
    },
    async importFile (name, request = {}) {
      const whole: ImportRequest = {
        source: 'shop',
        path: join(old, name),
        timeZone: 'UTC',
        type: 'manual',
        pin: false,
        remove: false,
        ...request
      }
      return await (await bench.engine.importFile(whole)).result
    }
  }
}

/** The source `shop` of the kind `sqlite`, as the service makes it. */
export function sqliteShop (t: Pick<TestContext, 'after'>, path: string): Source {
  return sqliteTools({ scratchDir: tempDir(t), limits: DEFAULT_LIMITS }).source('shop', { path })
}
