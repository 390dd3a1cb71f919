import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import { BackupError } from '../../../src/core/errors.ts'
import type { Rescued, RescueRequest } from '../../../src/engine/restore/rows.ts'
import { sqliteSource } from '../../../src/sources/sqlite/sqlite-source.ts'
import { testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { tempDir } from '../../support/temp-dir.ts'

interface Bench extends TestEngine {
  readonly live: Database.Database
  rescue(wish?: Partial<RescueRequest>): Promise<Rescued>
  names(): unknown[]
}

/** A real database of three people, of which backup 1 has all, and two are left. */
async function bench (t: TestContext, compression: 'none' | 'zstd' = 'zstd'): Promise<Bench> {
  const home = tempDir(t)
  const path = join(home, 'people.db')
  const live = new Database(path)
  live.exec(
    "PRAGMA journal_mode = WAL; CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO person VALUES (1, 'Ann'), (2, 'Bob'), (3, 'Cid')"
  )
  t.after(() => live.close())
  const engine = await testEngine(t, {
    sources: [sqliteSource({ name: 'people', path, busyTimeout: 1000, scratchDir: home })]
  })
  await engine.create({ compression })
  live.exec("DELETE FROM person WHERE id = 2; UPDATE person SET name = 'Cyd' WHERE id = 3")
  return {
    ...engine,
    live,
    rescue: async (wish = {}) =>
      await (await engine.engine.rescue(1, { selections: [{ table: 'person' }], dryRun: false, ...wish })).result,
    names: () => live.prepare('SELECT name FROM person ORDER BY id').pluck().all()
  }
}

for (const compression of ['none', 'zstd'] as const) {
  test(`rows of a backup with the compression ${compression} are held against the live database and against another backup`, async t => {
    const { engine, create } = await bench(t, compression)
    const { backup, other, difference: { tables: [person] } } = await (await engine.diff(1, { with: 'live', rows: 5 }))
      .result
    assert.deepEqual([backup.id, other, person?.removed, person?.changed, person?.same], [1, null, 1, 1, 1])
    assert.deepEqual(person?.rows.map(({ change }) => change), ['removed', 'changed'])
    await create()
    const between = await (await engine.diff(1, { with: 2 })).result
    assert.deepEqual([between.other?.id, between.difference.tables[0]?.removed, between.difference.tables[0]?.rows], [
      2,
      1,
      []
    ])
    assert.equal((await (await engine.diff(2, { with: 2 })).result).difference.tables[0]?.same, 2)
  })
}

test('rows come back, and nothing needs to be secured where nothing is overwritten', async t => {
  const { rescue, names, engine, events } = await bench(t)
  const planned = await rescue({ dryRun: true })
  assert.deepEqual([planned.dryRun, names()], [true, ['Ann', 'Cyd']])
  const done = await rescue()
  assert.deepEqual([done.rescue, done.safetyBackupId, names()], [planned.rescue, null, ['Ann', 'Bob', 'Cyd']])
  assert.equal((await engine.backups({ limit: 9 })).count, 1)
  assert.deepEqual(events.flatMap(event => event.type === 'rescue.completed' ? [event.tables[0]?.inserted] : []), [1])
})

test('before live rows are overwritten the database is backed up, and that backup is the undo', async t => {
  const { rescue, names, engine } = await bench(t)
  const { safetyBackupId } = await rescue({ conflict: 'overwrite' })
  assert.deepEqual(names(), ['Ann', 'Bob', 'Cid'])
  const safety = await engine.backup(safetyBackupId ?? 0)
  assert.deepEqual([safety.type, safety.description], [
    'pre-migration',
    'before overwriting live rows with rows of backup 1'
  ])
  await (await engine.restore(safety.id, {})).result
  assert.deepEqual(names(), ['Ann', 'Cyd'])
})

test('for what is refused no backup is made', async t => {
  const { rescue, names, engine, live } = await bench(t)
  live.exec("CREATE UNIQUE INDEX names ON person (name); INSERT INTO person VALUES (4, 'Bob')")
  assert.equal((await rescue({ conflict: 'overwrite', dryRun: true })).rescue.refused, true)
  await rejectsWith('ROWS_IN_THE_WAY', rescue({ conflict: 'overwrite' }))
  assert.deepEqual([names(), (await engine.backups({ limit: 9 })).count], [['Ann', 'Cyd', 'Bob'], 1])
})

test('without that backup nothing is overwritten', async t => {
  const { rescue, names, faults } = await bench(t)
  faults.fail('source.snapshot', { error: new BackupError('SOURCE_LOCKED', 'held') })
  await rejectsWith('SOURCE_LOCKED', rescue({ conflict: 'overwrite' }))
  assert.deepEqual(names(), ['Ann', 'Cyd'])
})

test('rows of a damaged backup are not mixed into a sound database', async t => {
  const { rescue, names, engine, directory } = await bench(t, 'none')
  const { key } = await engine.backup(1)
  const path = join(directory, key)
  const copy = new Database(path)
  copy.exec("UPDATE person SET name = 'Bub' WHERE id = 2")
  copy.close()
  await rejectsWith('CHECKSUM_MISMATCH', rescue())
  await rejectsWith('CHECKSUM_MISMATCH', rescue({ dryRun: true }))
  writeFileSync(path, '')
  await rejectsWith('CHECKSUM_MISMATCH', engine.diff(1, { with: 'live' }).then(({ result }) => result))
  assert.deepEqual(names(), ['Ann', 'Cyd'])
})

test('while rows are brought back no backup is made; a dry run is in nobody’s way', async t => {
  const { rescue, create, faults } = await bench(t)
  const writing = faults.pause('rows.rescue')
  const work = rescue()
  await writing.reached
  await rejectsWith('BACKUP_IN_PROGRESS', create())
  writing.go()
  await work
  const planning = faults.pause('rows.plan')
  const dry = rescue({ dryRun: true })
  await planning.reached
  await create()
  planning.go()
  await dry
})

test('cancelled, a rescue has written nothing', async t => {
  const { engine, faults, names } = await bench(t)
  const pause = faults.pause('rows.rescue')
  const work = await engine.rescue(1, { selections: [{ table: 'person' }], dryRun: false })
  await pause.reached
  const cancelled = engine.cancel(work.job.id)
  pause.go()
  assert.equal((await cancelled).status, 'cancelled')
  await rejectsWith('CANCELLED', work.result)
  assert.deepEqual(names(), ['Ann', 'Cyd'])
})

test('rows of a kind without rows, and files in places of ours, are refused', async t => {
  const memory = await testEngine(t)
  await memory.create()
  await rejectsWith('METHOD_UNSUPPORTED', memory.engine.diff(1, { with: 'live' }))
  const { engine, directory } = await bench(t)
  await rejectsWith('RESTORE_TARGET_INVALID', engine.extract(1, { table: 'person' }, join(directory, 'x.csv')))
  await rejectsWith('BACKUP_NOT_FOUND', engine.diff(1, { with: 9 }))
})
