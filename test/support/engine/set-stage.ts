import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import Database from 'better-sqlite3'
import { openEngine, type OpenedEngine } from '../../../src/app/open-engine.ts'
import { loadConfig } from '../../../src/config/load.ts'
import type { Logger } from '../../../src/core/logger.ts'
import type { Restore } from '../../../src/core/restore/restore.ts'
import type { RestoreRequest } from '../../../src/engine/restore/restore-plan.ts'
import { FakeClock } from '../fake-clock.ts'
import { tempDir } from '../temp-dir.ts'

const silent: Logger = { debug () {}, info () {}, warn () {}, error () {} }
/** Rows of a database: several pages, all of which differ from state to state. */
const ROWS = 200

export const MEMBERS = ['audit', 'config', 'jobs', 'payloads'] as const

const SOURCES = `\
sources:
  audit: { kind: sqlite, path: app/audit.db }
  jobs: { kind: sqlite, path: app/jobs.db }
  payloads: { kind: directory, path: app/payloads }
  config: { kind: directory, path: app/pipeline.yaml }
`

/**
 * Two databases, a directory and a single file, each with content that names one state of them all, and the set `app`
 * of them. `options`: what the set has in holdfast.yaml in addition, in braces.
 */
export function makeApp (home: string, options = ''): void {
  mkdirSync(join(home, 'app'))
  const set = `{ members: [audit, jobs, payloads, config]${options === '' ? '' : `, ${options}`} }`
  writeFileSync(join(home, 'holdfast.yaml'), `${SOURCES}sets: { app: ${set} }\n`)
}

/** Gives all of them the content of this state. */
export function writeState (home: string, state: string): void {
  const app = join(home, 'app')
  for (const name of ['audit.db', 'jobs.db']) {
    const db = new Database(join(app, name))
    db.pragma('journal_mode = wal')
    db.exec('CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY, state TEXT, filler TEXT)')
    const put = db.prepare('INSERT OR REPLACE INTO entry VALUES (?, ?, ?)')
    db.transaction(() => {
      for (let id = 1; id <= ROWS; id++) put.run(id, state, `${state} ${id} `.repeat(20))
    })()
    db.close()
  }
  mkdirSync(join(app, 'payloads'), { recursive: true })
  for (const name of readdirSync(join(app, 'payloads'))) rmSync(join(app, 'payloads', name))
  for (const name of ['one', 'two', `of ${state}`]) writeFileSync(join(app, 'payloads', name), state)
  writeFileSync(join(app, 'pipeline.yaml'), state)
}

/** The state of each member; `null`: it is not there. A mixture within one of them is an error. */
export function statesOf (app: string, files: Readonly<Record<string, string>> = FILES): Record<string, string | null> {
  return Object.fromEntries(MEMBERS.map(name => [name, orMissing(() => stateOf(name, join(app, files[name] ?? name)))]))
}

const FILES = { audit: 'audit.db', jobs: 'jobs.db', config: 'pipeline.yaml' }

function stateOf (name: string, path: string): string {
  const found = name === 'payloads'
    ? new Set(readdirSync(path).map(file => readFileSync(join(path, file), 'utf8')))
    : name === 'config'
    ? new Set([readFileSync(path, 'utf8')])
    : databaseStates(path)
  const [state, ...others] = found
  if (state === undefined || others.length > 0) throw new Error(`"${name}" is a mixture: ${[...found].join()}`)
  return state
}

function databaseStates (path: string): ReadonlySet<string> {
  const db = new Database(path, { fileMustExist: true })
  try {
    if (db.pragma('integrity_check', { simple: true }) !== 'ok') throw new Error(`"${path}" is damaged`)
    return new Set(db.prepare<[], string>('SELECT DISTINCT state FROM entry').pluck().all())
  } finally {
    db.close()
  }
}

function orMissing (state: () => string): string | null {
  try {
    return state()
  } catch (error) {
    const { code } = error as { readonly code?: string }
    if (code === 'ENOENT' || code === 'SQLITE_CANTOPEN') return null
    throw error
  }
}

/** The same state for all members. */
export function all (state: string | null): Record<string, string | null> {
  return Object.fromEntries(MEMBERS.map(name => [name, state]))
}

export interface SetStage extends OpenedEngine {
  readonly home: string
  readonly app: string
  readonly clock: FakeClock
  /** The backup of the state `before`. */
  readonly id: number
}

export interface StageOptions {
  /** Whether each backup is verified. Default: not. */
  readonly verify?: boolean
  /** Default: the server. */
  readonly role?: 'server' | 'guest'
}

export async function openStage (
  home: string,
  { verify = false, role = 'server' }: StageOptions = {}
): Promise<OpenedEngine & { readonly clock: FakeClock }> {
  const clock = new FakeClock()
  const config = loadConfig({
    BACKUP_DIR: join(home, 'backups'),
    DATA_DIR: join(home, 'data'),
    VERIFY_AFTER_BACKUP: String(verify)
  }, home)
  return { ...await openEngine(config, { logger: silent, clock, role }), clock }
}

/** Members in the state `after`, and a backup of them in the state `before`. */
export async function setStage (
  t: Pick<TestContext, 'after'>,
  options: StageOptions = {}
): Promise<SetStage> {
  const home = tempDir(t)
  makeApp(home)
  writeState(home, 'before')
  const opened = await openStage(home, options)
  t.after(() => opened.close(0))
  const { id } = await (await opened.engine.create({ source: 'app', type: 'manual' })).result
  opened.clock.move(1000)
  writeState(home, 'after')
  return { ...opened, home, app: join(home, 'app'), id }
}

/** Restores the backup with this id, and waits for its end. */
export async function restored (
  { engine }: Pick<SetStage, 'engine'>,
  id: number,
  request: RestoreRequest = {}
): Promise<Restore> {
  return await (await engine.restore(id, request)).result
}

/** What is in the directory of the application, without what SQLite keeps next to a database in use. */
export function namesIn (app: string): string[] {
  return readdirSync(app).filter(name => !/-(?:wal|shm)$/.test(name)).toSorted()
}

/** What it has before a restore, and after one. */
export const NAMES = ['audit.db', 'jobs.db', 'payloads', 'pipeline.yaml']
