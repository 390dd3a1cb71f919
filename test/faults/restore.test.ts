import assert from 'node:assert/strict'
import { readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import { BackupError } from '../../src/core/errors.ts'
import type { EngineDeps } from '../../src/engine/deps.ts'
import type { RestoreRequest } from '../../src/engine/restore/restore-plan.ts'
import { makeEngine } from '../../src/engine/make-engine.ts'
import { mountDisk } from '../support/files/mounted-disk.ts'
import { testEngine } from '../support/engine/engine.ts'
import { makeMoney, readMoney, TOTAL } from '../support/databases/money.ts'
import { needRoot } from '../support/skip-without.ts'
import { planted } from '../support/fault-count.ts'
import { rejectsWith } from '../support/rejects.ts'
import { openShop } from '../support/engine/open-shop.ts'
import { tempDir } from '../support/temp-dir.ts'
import { withRestorers } from '../support/engine/restorers.ts'

/** Leaves so many bytes free. */
function fill (disk: string, free: number): void {
  const { bavail, bsize } = statfsSync(disk)
  writeFileSync(join(disk, 'ballast'), Buffer.alloc(Math.max(0, bavail * bsize - free)))
}

/** Something happens after it was found out that nothing stands in the way. */
function afterCheck (deps: EngineDeps, work: () => void): EngineDeps {
  return withRestorers(deps, restorer => ({
    check: async (...args) => {
      await restorer.check(...args)
      work()
    }
  }))
}

interface Bench {
  readonly disk: string
  readonly live: string
  readonly deps: EngineDeps
  hasLate(): boolean
}

/** The database is alone on a small disk; backup 1 does not have its table `late`. */
async function bench (t: TestContext, journalMode: 'wal' | 'delete'): Promise<Bench> {
  const home = tempDir(t)
  const disk = mountDisk(t, '40m')
  const live = join(disk, 'shop.db')
  makeMoney(live, { entries: 20_000, journalMode })
  const { engine, deps } = await openShop(t, home, { DATABASE_PATH: live, DISK_RESERVE_BYTES: '0' })
  await (await engine.create({ type: 'manual', compression: 'zstd' })).result
  const db = new Database(live)
  db.exec('CREATE TABLE late (x); DELETE FROM entry WHERE id % 2 = 0')
  db.close()
  return {
    disk,
    live,
    deps,
    hasLate () {
      const reader = new Database(live, { readonly: true })
      try {
        return reader.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'late'").pluck().get() === 1
      } finally {
        reader.close()
      }
    }
  }
}

for (const journalMode of ['wal', 'delete'] as const) {
  for (const mode of ['live', 'replace'] as const) {
    test(`on a disk that fills up in the middle of a restore (${mode}, ${journalMode} mode) the old content stays, and nothing beside it`, async t => {
      if (!needRoot(t)) return
      const fault = planted(t, `a disk that fills up within a restore, ${mode}, ${journalMode}`)
      const { disk, live, deps, hasLate } = await bench(t, journalMode)
      const engine = makeEngine(afterCheck(deps, () => {
        fill(disk, 1_000_000)
      }))
      const error = await rejectsWith('DISK_FULL', engine.restore(1, { mode }).then(({ result }) => result))
      fault.fired()
      assert.equal(error.details?.safetyBackupId, 2)
      rmSync(join(disk, 'ballast'))
      assert.deepEqual([hasLate(), readMoney(live)], [true, { sum: TOTAL, integrity: 'ok' }])
      assert.deepEqual(readdirSync(disk).filter(name => !/^shop\.db(?:-wal|-shm)?$/.test(name)), [])
      await (await makeEngine(deps).restore(1, { mode: 'replace' })).result
      assert.equal(hasLate(), false)
    })
  }

  test(`a restore that has no room is refused before anything is begun (${journalMode} mode)`, async t => {
    if (!needRoot(t)) return
    const fault = planted(t, `a disk too small for a restore, ${journalMode}`)
    const { disk, deps, hasLate } = await bench(t, journalMode)
    fill(disk, 1_000_000)
    await rejectsWith('DISK_FULL', makeEngine(deps).restore(1, {}).then(({ result }) => result))
    fault.fired()
    assert.deepEqual([hasLate(), (await deps.catalog.restores.list({ limit: 5 })).restores], [true, []])
  })

  test(`on a full disk a rescue writes nothing (${journalMode} mode)`, async t => {
    if (!needRoot(t)) return
    const fault = planted(t, `a full disk within a rescue, ${journalMode}`)
    const { disk, live, deps } = await bench(t, journalMode)
    const engine = makeEngine(deps)
    const wish = { selections: [{ table: 'entry', where: 'id <= 10000' }], dryRun: false }
    // Room for the plan, and for the files beside the database.
    fill(disk, 200_000)
    await rejectsWith('DISK_FULL', engine.rescue(1, wish).then(({ result }) => result))
    fault.fired()
    rmSync(join(disk, 'ballast'))
    const db = new Database(live)
    assert.equal(db.prepare('SELECT count(*) FROM entry').pluck().get(), 10_000)
    db.close()
    await (await engine.rescue(1, wish)).result
    assert.deepEqual(readMoney(live), { sum: TOTAL, integrity: 'ok' })
  })
}

test('a scratch disk without room for the decompressed backup changes nothing', async t => {
  if (!needRoot(t)) return
  const fault = planted(t, 'a scratch disk too small for a restore')
  const home = tempDir(t)
  const scratch = mountDisk(t, '12m')
  const live = join(home, 'shop.db')
  makeMoney(live, { entries: 20_000 })
  const { engine } = await openShop(t, home, { SCRATCH_DIR: scratch, DISK_RESERVE_BYTES: '0' })
  await (await engine.create({ type: 'manual', compression: 'zstd', verify: false })).result
  fill(scratch, 1_000_000)
  await rejectsWith('DISK_FULL', engine.restore(1, { verify: false }).then(({ result }) => result))
  fault.fired()
  rmSync(join(scratch, 'ballast'))
  assert.deepEqual(readMoney(live), { sum: TOTAL, integrity: 'ok' })
  assert.deepEqual(readdirSync(scratch, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile()), [])
})

for (const [verify, when] of [[true, 0], [true, 1000], [false, 'before'], [false, 1000]] as const) {
  test(`an I/O error in the store (${when}, ${verify ? 'with' : 'without'} the proof) leaves what stood there`, async t => {
    const fault = planted(t, `store.get breaks within a restore, ${when}`)
    const { engine, faults, source, create } = await testEngine(t)
    await create({ compression: 'zstd' })
    source.bytes = Buffer.from('what stands there now')
    faults.fail('store.get', {
      error: new BackupError('STORE_FAILED', 'the disk does not answer'),
      on: /^shop-backup[^/]*(?<!\.manifest\.json)$/,
      when
    })
    const request: RestoreRequest = { verify }
    await rejectsWith('STORE_FAILED', engine.restore(1, request).then(({ result }) => result))
    fault.fired()
    assert.deepEqual(source.bytes.toString(), 'what stands there now')
    assert.equal((await engine.restores({ limit: 1 })).restores[0]?.status, 'failed')
    await (await engine.restore(1, request)).result
    assert.notDeepEqual(source.bytes.toString(), 'what stands there now')
  })
}
