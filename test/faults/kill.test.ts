import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import Database from 'better-sqlite3'
import { loadConfig } from '../../src/config/load.ts'
import { openEngine } from '../../src/app/open-engine.ts'
import { makeMoney, readMoney, TOTAL } from '../support/databases/money.ts'
import { tellPlanted } from '../support/fault-count.ts'
import { tempDir } from '../support/temp-dir.ts'
import { assertTruthful } from '../support/engine/assert-truthful.ts'

const CHILD = new URL('./kill-child.ts', import.meta.url).pathname
/** The kills are dealt out to so many at once: most of the time goes by in children. */
const LANES = Math.min(4, availableParallelism())
const silent = { debug () {}, info () {}, warn () {}, error () {} }

/** Runs the verb up to the border; returns the number of borders if it came to its end, undefined if it was killed. */
async function run (home: string, verb: string, killAt: number): Promise<number | undefined> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [CHILD, home, verb, String(killAt)])
    return Number(stdout)
  } catch (error) {
    if ((error as { signal?: string }).signal === 'SIGKILL') return undefined
    throw error
  }
}

/** What must be there before the verb can do anything. */
async function prepare (home: string, trashed: boolean): Promise<void> {
  const config = loadConfig({
    DATABASE_PATH: `${home}/shop.db`,
    BACKUP_DIR: `${home}/backups`,
    DATA_DIR: `${home}/data`,
    MAX_BACKUPS: '4'
  }, home)
  const { engine, close } = await openEngine(config, { logger: silent })
  const standing = (await engine.backups({ limit: 10, status: 'completed' })).backups
  for (let i = standing.length; i < 3; i++) await (await engine.create({ type: 'scheduled' })).result
  if (trashed && (await engine.backups({ limit: 1, trashed: true })).count === 0) {
    await (await engine.remove((await engine.backups({ limit: 1, status: 'completed' })).backups[0]?.id ?? 0, {
      force: true
    })).result
  }
  await close(0)
}

for (
  const verb of [
    'create',
    'create plain',
    'verify',
    'remove',
    'undelete',
    'edit',
    'prune',
    'restore',
    'restore replace',
    'restore target',
    'rescue',
    'drill'
  ]
) {
  test(`after a kill -9 at any border between the steps of "${verb}" no row lies and no orphan stays`, async t => {
    const killed = await Promise.all(Array.from({ length: LANES }, (_, lane) => killAtEvery(t, verb, lane)))
    const kills = killed.reduce((sum, each) => sum + each.kills, 0)
    assert.ok(killed.every(({ borders }) => borders > 3), `only ${killed.map(({ borders }) => borders).join()} borders`)
    assert.ok(kills > 1, `only ${kills} borders differ`)
    tellPlanted(t, `kill -9 within ${verb}`, kills, kills)
  })
}

/** The database is whole, and has nothing beside it that it had not before: what was kept aside is told by its row. */
function assertOldOrNew (home: string): void {
  assert.deepEqual(readMoney(join(home, 'shop.db')), { sum: TOTAL, integrity: 'ok' })
  const beside = readdirSync(home).filter(name =>
    !['shop.db', 'shop.db-wal', 'shop.db-shm', 'copy.db', 'backups', 'data'].includes(name)
  )
  assert.deepEqual(beside, [])
}

/** How many rows it changed. */
function changeLive (home: string, sql: string): number {
  const db = new Database(join(home, 'shop.db'))
  try {
    return db.prepare(sql).run().changes
  } finally {
    db.close()
  }
}

interface Killed {
  readonly kills: number
  /** That it passes when nothing kills it: several may have the same on the disk, and one kill does for them. */
  readonly borders: number
}

/** Kills the verb at every border that belongs to the lane, each with a home of its own. */
async function killAtEvery (t: TestContext, verb: string, lane: number): Promise<Killed> {
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 2000 })
  const config = loadConfig({
    DATABASE_PATH: `${home}/shop.db`,
    BACKUP_DIR: `${home}/backups`,
    DATA_DIR: `${home}/data`,
    MAX_BACKUPS: '2'
  }, home)
  const proven = new Set<number>()
  for (let kills = 0;; kills++) {
    await prepare(home, verb === 'undelete')
    if (verb === 'rescue') changeLive(home, 'DELETE FROM entry WHERE id <= 50')
    const borders = await run(home, verb, lane + kills * LANES)
    await assertTruthful(config, proven)
    if (/^(?:restore|rescue)/.test(verb)) assertOldOrNew(home)
    if (verb === 'rescue') assert.ok([0, 50].includes(changeLive(home, 'DELETE FROM entry WHERE id <= 50')))
    if (borders !== undefined) return { kills, borders }
  }
}
