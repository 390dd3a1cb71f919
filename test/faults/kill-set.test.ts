import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { openEngine } from '../../src/app/open-engine.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { housekeep } from '../../src/engine/recovery/housekeep.ts'
import { assertTruthful } from '../support/engine/assert-truthful.ts'
import { all, makeApp, statesOf, writeState } from '../support/engine/set-stage.ts'
import { tellPlanted } from '../support/fault-count.ts'
import { tempDir } from '../support/temp-dir.ts'

const CHILD = new URL('./kill-child.ts', import.meta.url).pathname
const silent = { debug () {}, info () {}, warn () {}, error () {} }
const GRACE = 10_000
/** Kills are so many borders apart. */
const STRIDE = 9

/** Backs the set up in a process of its own; undefined: it was killed at that border. */
async function run (home: string, verb: string, killAt: number): Promise<number | undefined> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [CHILD, home, verb, String(killAt)])
    return Number(stdout)
  } catch (error) {
    if ((error as { signal?: string }).signal === 'SIGKILL') return undefined
    throw error
  }
}

test('after a kill -9 at any border of the backup of a set it is whole or gone, and the application runs again', async t => {
  const home = tempDir(t)
  const application = join(home, 'application')
  const hook = (word: string): string => `[[sh, -c, 'echo ${word} >> ${application}']]`
  makeApp(home, `hooks: { before: ${hook('stopped')}, after: ${hook('running')} }`)
  const config = loadConfig({ BACKUP_DIR: join(home, 'backups'), DATA_DIR: join(home, 'data'), MAX_BACKUPS: '3' }, home)
  const proven = new Set<number>()
  let [kills, stopped] = [0, 0]
  let borders: number | undefined
  for (let killAt = 0; borders === undefined; killAt += STRIDE) {
    writeState(home, `kill ${kills}`)
    borders = await run(home, kills % 2 === 0 ? 'set' : 'set increment', killAt)
    if (borders === undefined) kills++
    if (lastLine(application) === 'stopped') stopped++
    await assertTruthful(config, proven)
    const { engine, deps, close } = await openEngine(config, { logger: silent })
    try {
      await housekeep(deps)
      assert.notEqual(lastLine(application), 'stopped')
      assert.deepEqual(await deps.catalog.hooks.pending(), [])
      const next = await (await engine.create({ source: 'app', type: 'scheduled', verify: false })).result
      if (borders !== undefined) await assertRestored(engine, home, next.id, `kill ${kills}`)
    } finally {
      await close(GRACE)
    }
  }
  assert.ok(kills > 4, `only ${kills} kills`)
  assert.ok(stopped > 0, 'no kill found the application stopped')
  tellPlanted(t, 'kill -9 within the backup of a set', kills, kills)
  t.diagnostic(`${kills} kills, ${stopped} of them while the application was stopped`)
})

/** The last line that the hooks wrote. */
function lastLine (path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').at(-1) : undefined
}

async function assertRestored (engine: Engine, home: string, id: number, state: string): Promise<void> {
  const target = join(home, 'restored')
  await (await engine.restore(id, { target })).result
  assert.deepEqual(statesOf(target, { audit: 'audit.db', jobs: 'jobs.db', config: 'config.yaml' }), all(state))
}
