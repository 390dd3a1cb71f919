import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import Database from 'better-sqlite3'
import { openEngine, type OpenedEngine } from '../../../src/app/open-engine.ts'
import { loadConfig } from '../../../src/config/load.ts'
import type { Backup } from '../../../src/core/backup/backup.ts'
import type { Logger } from '../../../src/core/logger.ts'
import type { CreateRequest } from '../../../src/engine/backup/create-request.ts'
import { FakeClock } from '../fake-clock.ts'
import { tempDir } from '../temp-dir.ts'

const silent: Logger = { debug () {}, info () {}, warn () {}, error () {} }

/** An application with a database, payloads that its rows name, a configuration file, and outputs. */
export interface SetScene extends OpenedEngine {
  readonly home: string
  /** Of the application: `audit.db`, `payloads`, `pipeline.yaml`, `output`. */
  readonly app: string
  readonly clock: FakeClock
  /** Adds a row and the file that it names, the file first; the result is the path of the file. */
  addPayload(name: string, content?: string): string
  /** The names of files that rows of the database at `path` have. */
  rows(path?: string): readonly string[]
  /** Makes a backup of the set `elspeth`, a second after the one before. */
  create(request?: Partial<CreateRequest>): Promise<Backup>
}

const SOURCES = `\
sources:
  audit: { kind: sqlite, path: app/audit.db }
  payloads: { kind: directory, path: app/payloads }
  config: { kind: directory, path: app/pipeline.yaml }
  output: { kind: directory, path: app/output }
`

/** `sets`: the sets of holdfast.yaml; default: `elspeth` with all four members. */
export async function setScene (
  t: Pick<TestContext, 'after'>,
  sets = 'sets: { elspeth: { members: [payloads, audit, config, output] } }\n'
): Promise<SetScene> {
  const home = tempDir(t)
  const app = join(home, 'app')
  mkdirSync(join(app, 'payloads'), { recursive: true })
  mkdirSync(join(app, 'output'))
  writeFileSync(join(app, 'pipeline.yaml'), 'steps: []\n')
  writeFileSync(join(app, 'output', 'report.csv'), 'a,b\n')
  const database = join(app, 'audit.db')
  withDatabase(database, db => {
    db.pragma('journal_mode = wal')
    db.exec('CREATE TABLE call (id INTEGER PRIMARY KEY, payload TEXT)')
  })
  writeFileSync(join(home, 'holdfast.yaml'), SOURCES + sets)
  const clock = new FakeClock()
  const config = loadConfig({ BACKUP_DIR: join(home, 'backups'), DATA_DIR: join(home, 'data') }, home)
  const opened = await openEngine(config, { logger: silent, clock })
  t.after(() => opened.close(0))
  return {
    ...opened,
    home,
    app,
    clock,
    addPayload (name, content = name) {
      const path = join(app, 'payloads', name)
      writeFileSync(path, content)
      withDatabase(database, db => db.prepare('INSERT INTO call (payload) VALUES (?)').run(name))
      return path
    },
    rows: (path = database) =>
      withDatabase(path, db => db.prepare<[], string>('SELECT payload FROM call ORDER BY id').pluck().all()),
    async create (request = {}) {
      clock.move(1000)
      return await (await opened.engine.create({ source: 'elspeth', type: 'manual', ...request })).result
    }
  }
}

function withDatabase<T> (path: string, work: (db: Database.Database) => T): T {
  const db = new Database(path)
  try {
    return work(db)
  } finally {
    db.close()
  }
}
