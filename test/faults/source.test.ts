import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, renameSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Backup } from '../../src/core/backup/backup.ts'
import { sqliteSource } from '../../src/sources/sqlite/sqlite-source.ts'
import { filesOf, testEngine, type TestEngine } from '../support/engine/engine.ts'
import { makeMoney, readMoney, startWriter, TOTAL } from '../support/databases/money.ts'
import { planted } from '../support/fault-count.ts'
import { rejectsWith } from '../support/rejects.ts'
import { tempDir } from '../support/temp-dir.ts'

const LIBRARY = createRequire(import.meta.url).resolve('better-sqlite3')

interface Shop extends TestEngine {
  readonly home: string
  readonly path: string
}

async function realShop (t: TestContext, journalMode: 'wal' | 'delete'): Promise<Shop> {
  const home = tempDir(t)
  const path = join(home, 'shop.db')
  // Larger than everything that a pipe holds, so that the child is still at work when the store is asked.
  makeMoney(path, { journalMode, entries: 20_000 })
  return {
    ...await testEngine(t, { sources: [sqliteSource({ name: 'shop', path, busyTimeout: 5000, scratchDir: home })] }),
    home,
    path
  }
}

/** Another process does it and is gone again. Whether SQLite let it. */
function elsewhere (path: string, ...sql: string[]): boolean {
  const script =
    'const [library, path, ...sql] = process.argv.slice(1); const db = new (require(library))(path, { timeout: 0 }); for (const one of sql) db.exec(one); db.close()'
  return spawnSync(process.execPath, ['-e', script, LIBRARY, path, ...sql], { stdio: 'ignore' }).status === 0
}

function assertWhole ({ status, verification, filePath }: Backup): void {
  assert.deepEqual([status, verification.status], ['completed', 'valid'])
  assert.deepEqual(readMoney(filePath), { sum: TOTAL, integrity: 'ok' })
}

for (const journalMode of ['wal', 'delete'] as const) {
  test(`a source that is replaced by rename while its child sends everything fails the backup, and the next one has the new file (${journalMode})`, async t => {
    const fault = planted(t, `source replaced by rename, ${journalMode}`)
    const { faults, create, files, home, path } = await realShop(t, journalMode)
    const older = await create()
    faults.meanwhile('store.put', () => {
      makeMoney(join(home, 'new.db'), { entries: 10 })
      renameSync(join(home, 'new.db'), path)
      fault.fired()
    })
    await rejectsWith('SOURCE_REPLACED', create())
    assert.deepEqual(files(), filesOf(older))
    assertWhole(await create())
  })

  test(`a source that is taken away while its child sends fails the backup, and is backed up again when it is back (${journalMode})`, async t => {
    const fault = planted(t, `source removed, ${journalMode}`)
    const { faults, create, home, path } = await realShop(t, journalMode)
    faults.meanwhile('store.put', () => {
      renameSync(path, join(home, 'away.db'))
      fault.fired()
    })
    await rejectsWith('SOURCE_REPLACED', create())
    copyFileSync(join(home, 'away.db'), path)
    assertWhole(await create())
  })
}

for (
  const [what, ...sql] of [
    ['vacuumed', 'VACUUM'],
    ['shrunk and vacuumed', 'DELETE FROM entry WHERE id % 2', 'VACUUM'],
    ['checkpointed', 'UPDATE entry SET amount = amount + 1', 'PRAGMA wal_checkpoint(TRUNCATE)'],
    [
      'checkpointed and started over',
      'UPDATE entry SET amount = amount + 1',
      'PRAGMA wal_checkpoint(RESTART)',
      'UPDATE entry SET amount = amount + 1'
    ]
  ] as const
) {
  test(`a source in WAL mode that is ${what} by another process during a backup gives a whole backup of one instant`, async t => {
    const fault = planted(t, `source ${what}`)
    const { faults, create, path } = await realShop(t, 'wal')
    elsewhere(path, 'UPDATE entry SET amount = amount + 1')
    faults.meanwhile('store.put', () => {
      if (elsewhere(path, ...sql)) fault.fired()
    })
    assertWhole(await create())
    assertWhole(await create())
  })
}

test('a source that is switched from WAL to DELETE and back, each time before and during a backup, gives whole backups', async t => {
  const { faults, create, path } = await realShop(t, 'wal')
  for (const mode of ['DELETE', 'WAL', 'TRUNCATE', 'WAL']) {
    const fault = planted(t, `source switched to ${mode}`)
    // While it is read SQLite may refuse the switch; then it comes between two backups.
    const asked: boolean[] = []
    const change = (): boolean =>
      elsewhere(path, `PRAGMA journal_mode = ${mode}`, 'UPDATE entry SET amount = amount + 1')
    faults.meanwhile('store.put', () => {
      asked.push(change())
    })
    assertWhole(await create())
    if (asked[0] === true || change()) fault.fired()
  }
  assertWhole(await create())
})

test('checkpoints from outside beside a process that writes without pause do not get into a backup', async t => {
  const fault = planted(t, 'checkpoints beside a writer')
  const { faults, create, path } = await realShop(t, 'wal')
  const writer = await startWriter(t, path)
  for (const mode of ['PASSIVE', 'PASSIVE']) {
    faults.meanwhile('store.put', () => {
      if (elsewhere(path, `PRAGMA wal_checkpoint(${mode})`)) fault.fired()
    })
    assertWhole(await create())
  }
  assert.deepEqual((await writer.stop()).errors, [])
})
