import assert from 'node:assert/strict'
import { closeSync, openSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/config.ts'
import { toBackupError } from '../../src/core/errors.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { housekeep } from '../../src/engine/recovery/housekeep.ts'
import { testEngine, filesOf } from '../support/engine/engine.ts'
import { makeMoney } from '../support/databases/money.ts'
import { planted } from '../support/fault-count.ts'
import { rejectsWith } from '../support/rejects.ts'
import { openShop } from '../support/engine/open-shop.ts'
import { sqliteProcess } from '../support/processes/sqlite-process.ts'
import { noise } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'
import { assertTruthful } from '../support/engine/assert-truthful.ts'

test('a catalog that another process locks in the middle of a backup fails it in its own words, and housekeeping puts right what was left', async t => {
  const fault = planted(t, 'catalog locked within a backup')
  const { engine, deps, faults, catalogPath, create, files } = await testEngine(t)
  const older = await create()
  let blocker: Awaited<ReturnType<typeof sqliteProcess>> | undefined
  faults.meanwhile('store.put', async () => {
    blocker = await sqliteProcess(t, catalogPath, 'BEGIN IMMEDIATE')
    fault.fired()
  })
  const failure = await create().then(() => undefined, toBackupError)
  assert.equal(failure?.code, 'CATALOG_BUSY')
  // Whoever only reads is not hindered.
  assert.equal((await engine.backup(older.id)).status, 'completed')
  await blocker?.stop()
  await housekeep(deps)
  const { backups } = await engine.backups({ limit: 10 })
  assert.deepEqual(backups.filter(({ status }) => status === 'in_progress'), [])
  assert.deepEqual(files(), filesOf(...backups.filter(({ status }) => status === 'completed')))
  assert.equal((await create()).status, 'completed')
})

function shop (t: TestContext): { readonly home: string, readonly config: Config, readonly catalog: string } {
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 500 })
  const config = loadConfig({ DATABASE_PATH: join(home, 'shop.db') }, home)
  return { home, config, catalog: join(config.dataDir, 'holdfast.db') }
}

async function backUp (engine: Engine): Promise<string> {
  return await engine.create({ type: 'manual' }).then(({ result }) => result).then(
    ({ status }) => status,
    (error: unknown) => toBackupError(error).code
  )
}

/** Closes descriptors of the catalog, and with them this process's locks on it: only for what ruins it anyway. */
function ruin (catalog: string, how: 'noise' | 'cut' | 'emptied'): void {
  for (
    const path of [catalog, `${catalog}-wal`].filter(one => statSync(one, { throwIfNoEntry: false }) !== undefined)
  ) {
    const { size } = statSync(path)
    if (how !== 'noise') {
      truncateSync(path, how === 'cut' ? Math.floor(size / 3) : 0)
      continue
    }
    const fd = openSync(path, 'r+')
    // Behind the header, so that it is still taken for a database.
    writeSync(fd, noise(Math.max(0, size - 100)), 0, Math.max(0, size - 100), 100)
    closeSync(fd)
  }
}

for (const how of ['noise', 'cut', 'emptied', 'deleted'] as const) {
  test(`a catalog that is ${how === 'noise' ? 'overwritten with noise' : how} while the service runs costs no backup: the next start has them all again`, async t => {
    const fault = planted(t, `catalog ${how} while running`)
    const { home, config, catalog } = shop(t)
    const first = await openShop(t, home)
    assert.equal(await backUp(first.engine), 'completed')
    if (how === 'deleted') {
      for (const suffix of ['', '-wal', '-shm']) rmSync(catalog + suffix, { force: true })
    } else ruin(catalog, how)
    fault.fired()
    const outcome = await backUp(first.engine)
    assert.match(outcome, /^(?:completed|CATALOG_\w+)$/)
    await first.close(0).catch(() => {})
    const rows = await assertTruthful(config)
    assert.ok(
      rows.filter(({ status }) => status === 'completed').length >= (outcome === 'completed' ? 2 : 1),
      `${outcome}, then ${rows.length} rows`
    )
    const again = await openShop(t, home)
    assert.equal(await backUp(again.engine), 'completed')
  })
}

test('two servers on one data directory: the second is refused with the name of the first, and changes nothing', async t => {
  const fault = planted(t, 'a second server')
  const { home, config } = shop(t)
  const first = await openShop(t, home)
  assert.equal(await backUp(first.engine), 'completed')
  const before = readdirSync(config.dataDir).toSorted()
  const { message } = await rejectsWith('INSTANCE_RUNNING', openShop(t, home))
  fault.fired()
  assert.match(message, new RegExp(`\\b${process.pid}\\b`))
  assert.deepEqual(readdirSync(config.dataDir).toSorted(), before)
  assert.equal(await backUp(first.engine), 'completed')
})

test('a data directory in which something else lies in the place of the catalog is told, and nothing of it is lost', async t => {
  const fault = planted(t, 'something else in the place of the catalog')
  const { home, config, catalog } = shop(t)
  const first = await openShop(t, home)
  assert.equal(await backUp(first.engine), 'completed')
  await first.close(0)
  for (const suffix of ['-wal', '-shm']) rmSync(catalog + suffix, { force: true })
  writeFileSync(catalog, 'these are my notes\n'.repeat(1000))
  fault.fired()
  await assertTruthful(config)
  assert.ok(readdirSync(config.dataDir).some(name => name.startsWith('holdfast.db.corrupt-')))
})
