import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { openEngine } from '../../src/app/open-engine.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Backup } from '../../src/core/backup/backup.ts'
import { INSTANCE_MARKER } from '../../src/core/instance.ts'
import type { EngineDeps } from '../../src/engine/deps.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { makeEngine } from '../../src/engine/make-engine.ts'
import { filesOf } from '../support/engine/engine.ts'
import { farStore, work } from '../support/stores/offsite-directory.ts'
import { makeMoney } from '../support/databases/money.ts'
import { tellPlanted } from '../support/fault-count.ts'
import { never } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'

const CHILD = new URL('./kill-child.ts', import.meta.url).pathname
const silent = { debug () {}, info () {}, warn () {}, error () {} }

/**
 * Kills the verb at every border, one after the other, and lets a new process finish what was begun. Returns how often.
 */
async function killAtEvery (
  t: TestContext,
  verb: string,
  { prepare, check }: {
    readonly prepare: (engine: Engine, deps: EngineDeps) => Promise<void>
    readonly check: (home: string, engine: Engine) => Promise<void>
  }
): Promise<number> {
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 2000 })
  const config = loadConfig({
    DATABASE_PATH: `${home}/shop.db`,
    BACKUP_DIR: `${home}/backups`,
    DATA_DIR: `${home}/data`,
    MAX_BACKUPS: '100'
  }, home)
  const withFar = async (use: (engine: Engine, all: EngineDeps) => Promise<void>): Promise<void> => {
    const { deps, close } = await openEngine(config, { logger: silent })
    const far = farStore(home)
    await far.store.open(never)
    const all = { ...deps, offsite: new Map([['far', far]]) }
    const engine = makeEngine(all)
    await use(engine, all).finally(() => close(0))
  }
  for (let killed = 0;; killed++) {
    await withFar(prepare)
    const isDone = await promisify(execFile)(process.execPath, [CHILD, home, verb, String(killed)]).then(
      () => true,
      (error: unknown) => {
        if ((error as { signal?: string }).signal !== 'SIGKILL') throw error
        return false
      }
    )
    await withFar(async (engine, deps) => {
      await work(deps, engine)
      await check(home, engine)
    })
    if (isDone) return killed
  }
}

async function live (engine: Engine): Promise<readonly Backup[]> {
  return (await engine.backups({ status: 'completed', limit: 500 })).backups
}

test('after a kill -9 at any border of an upload the copy completes, and nothing else stays in the store', async t => {
  const kills = await killAtEvery(t, 'upload', {
    prepare: async engine => {
      await (await engine.create({ type: 'manual' })).result
    },
    async check (home, engine) {
      const backups = await live(engine)
      assert.deepEqual(
        new Set(backups.map(({ copies }) => copies.map(({ store, status }) => `${store} ${status}`).join())),
        new Set(['far stored,local stored'])
      )
      assert.deepEqual(readdirSync(join(home, 'far')).toSorted(), [INSTANCE_MARKER, ...filesOf(...backups)])
    }
  })
  assert.ok(kills >= 4, `only ${kills} borders`)
  tellPlanted(t, 'kill -9 within upload', kills, kills)
})

test('after a kill -9 at any border of the removal of a copy it is gone, and no other is', async t => {
  const kills = await killAtEvery(t, 'upload remove', {
    async prepare (engine, deps) {
      for (const isKept of [true, false]) {
        const { id } = await (await engine.create({ type: 'manual', upload: true })).result
        if (!isKept) await deps.catalog.copies.retire(id, 'far')
      }
    },
    async check (home, engine) {
      const kept = (await live(engine)).filter(({ id }) => id % 2 === 1)
      assert.deepEqual(readdirSync(join(home, 'far')).toSorted(), [INSTANCE_MARKER, ...filesOf(...kept)])
      assert.deepEqual(
        new Set(
          (await live(engine)).filter(({ id }) => id % 2 === 0).map(({ copies }) =>
            copies.map(({ store }) => store).join()
          )
        ),
        new Set(['local'])
      )
    }
  })
  tellPlanted(t, 'kill -9 within the removal of a copy', kills, kills)
})
