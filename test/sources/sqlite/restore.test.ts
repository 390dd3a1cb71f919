import assert from 'node:assert/strict'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import { lastLink } from '../../../src/core/restore/restorable.ts'
import type { Placed, Placement } from '../../../src/core/restore/restore.ts'
import { sqliteRestorer } from '../../../src/sources/sqlite/restore.ts'
import { discardAside, undoHalfReplaced, undoReplaced } from '../../../src/sources/sqlite/restore-replace.ts'
import { manifestOf } from '../../support/catalog/catalog.ts'
import { makeMoney, readMoney, startWriter, TOTAL, type MoneyOptions } from '../../support/databases/money.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { sqliteProcess } from '../../support/processes/sqlite-process.ts'
import { restorableOf } from '../../support/sources/images.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

/** Entries of the live database and of the image, where their number is not the point. */
const [LIVE, IMAGE] = [3000, 2000]
const [KILLS, EARLY, ROUNDS] = [10, 3, 5]

interface Bench {
  readonly home: string
  readonly live: string
  /** Where `replace` keeps the old file. */
  readonly aside: string
  restore(placement?: Partial<Placement>, signal?: AbortSignal, onBytes?: () => void): Promise<Placed>
  check(placement?: Partial<Placement>): Promise<void>
  settle(): Promise<boolean>
}

/** A live database, and an image that differs from it: it has a table `marker` and fewer entries. */
function bench (t: TestContext, live: MoneyOptions = {}, image: MoneyOptions = {}): Bench {
  const home = tempDir(t)
  const place: Placement = {
    mode: 'live',
    path: join(home, 'live.db'),
    overwrite: false,
    timeout: 5000,
    aside: join(home, 'live.db.aside')
  }
  const path = join(home, 'image.db')
  makeMoney(place.path, { entries: LIVE, ...live })
  makeMoney(path, { entries: IMAGE, ...image })
  const db = new Database(path)
  db.exec('CREATE TABLE marker (x); PRAGMA wal_checkpoint(TRUNCATE)')
  db.close()
  const { facts } = manifestOf({ id: 1 })
  const backup = restorableOf(path, { facts: { ...facts, properties: { pageSize: image.pageSize ?? 4096 } } })
  const restorer = sqliteRestorer(home)
  return {
    home,
    live: place.path,
    aside: place.aside,
    restore: (placement, signal = never, onBytes = () => {}) =>
      restorer.place(backup, { ...place, ...placement }, onBytes, signal),
    check: placement => restorer.check(lastLink(backup).manifest, { ...place, ...placement }, never),
    settle: () => restorer.settle(place.path, place.aside)
  }
}

/**
 * Restores once, then again and again, killed each time at another instant: some shortly before the first report of its
 * progress, the others spread over the time that the last one which came to its end took from there. Where that does
 * not show all outcomes, because the machine was much busier at one time than at another, the instants are tried again.
 * `before` and `after` frame each; `after` resolves with whether it has seen everything.
 */
async function killEach (
  restore: Bench['restore'],
  placement: Partial<Placement>,
  before: () => void,
  after: () => Promise<boolean> | boolean
): Promise<void> {
  const whole = { lead: 0, rest: 0 }
  let isComplete = false
  for (let round = 0; round === 0 || (round < ROUNDS && !isComplete); round++) {
    for (let n = round === 0 ? -EARLY : 1 - EARLY; n <= KILLS - EARLY; n++) {
      before()
      const killing = new AbortController()
      const killAfter = (delay: number): void => {
        setTimeout(() => {
          killing.abort()
        }, delay)
      }
      const begun = performance.now()
      let reported: number | undefined
      if (n > -EARLY && n <= 0) killAfter(whole.lead * (1 + n / 10))
      const isWhole = await restore(placement, killing.signal, () => {
        if (reported === undefined && n > 0) killAfter(whole.rest * (n - 1) / (KILLS - EARLY))
        reported ??= performance.now()
      }).then(() => true, () => false)
      if (isWhole) {
        assert.ok(reported !== undefined, 'a whole restore reported no progress')
        Object.assign(whole, { lead: reported - begun, rest: performance.now() - reported })
      }
      isComplete = await after()
    }
  }
}

function isRestored (path: string): boolean {
  const db = new Database(path, { readonly: true })
  try {
    return db.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'marker'").pluck().get() === 1
  } finally {
    db.close()
  }
}

for (const journalMode of ['wal', 'delete', 'truncate'] as const) {
  test(`a live restore goes into a database in ${journalMode} mode beside a writer, which sees no error, and the sum is right`, async t => {
    const { live, restore } = bench(t, { journalMode, entries: 30_000 }, { journalMode, entries: 20_000 })
    const writer = await startWriter(t, live)
    assert.equal((await restore({ timeout: 15_000 })).isOldKept, false)
    const { errors, commits } = await writer.stop()
    assert.deepEqual(errors, [])
    assert.ok(commits > 1)
    assert.equal(isRestored(live), true)
    assert.deepEqual(readMoney(live), { sum: TOTAL, integrity: 'ok' })
  })
}

for (const [from, to] of [['wal', 'delete'], ['delete', 'wal']] as const) {
  test(`a live database in ${to} mode stays so, also with an image from ${from} mode`, async t => {
    const { home, live, restore } = bench(t, { journalMode: to }, { journalMode: from })
    const reader = new Database(live)
    t.after(() => reader.close())
    assert.equal(reader.prepare('SELECT count(*) FROM entry').pluck().get(), LIVE)
    await restore()
    assert.equal(reader.prepare('SELECT count(*) FROM entry').pluck().get(), IMAGE)
    assert.equal(reader.pragma('journal_mode', { simple: true }), to)
    assert.deepEqual(readdirSync(home).filter(name => name.startsWith('restore-')), [])
  })
}

test('a reader that began before sees the old content to the end of its transaction', async t => {
  const { live, restore } = bench(t)
  const reader = new Database(live)
  t.after(() => reader.close())
  const count = reader.prepare('SELECT count(*) FROM entry').pluck()
  reader.exec('BEGIN')
  assert.equal(count.get(), LIVE)
  await restore()
  assert.equal(count.get(), LIVE)
  reader.exec('COMMIT')
  assert.equal(count.get(), IMAGE)
})

test('pages of another size in WAL mode are refused before anything is touched, and replaced when asked for', async t => {
  const { live, restore, check } = bench(t, { pageSize: 8192 })
  const error = await rejectsWith('RESTORE_PAGE_SIZE', check())
  assert.match(error.message, /8192.*4096/)
  assert.match(error.hint ?? '', /replace/)
  await assert.rejects(restore())
  assert.equal(isRestored(live), false)
  await restore({ mode: 'replace' })
  assert.equal(isRestored(live), true)
})

test('in rollback-journal mode the size of pages follows the image', async t => {
  const { live, restore } = bench(t, { journalMode: 'delete', pageSize: 8192 }, { journalMode: 'delete' })
  await restore()
  assert.equal(isRestored(live), true)
  assert.deepEqual(readMoney(live), { sum: TOTAL, integrity: 'ok' })
})

for (const journalMode of ['wal', 'delete'] as const) {
  test(`in ${journalMode} mode a process that does not let go in time is named, and the old content stays`, async t => {
    const { live, restore } = bench(t, { journalMode }, { journalMode })
    const blocker = await sqliteProcess(t, live, 'BEGIN IMMEDIATE')
    const error = await rejectsWith('SOURCE_LOCKED', restore({ timeout: 50 }))
    assert.match(error.message, new RegExp(`\\b${blocker.pid}\\b`))
    await blocker.stop()
    assert.equal(isRestored(live), false)
    await restore({ timeout: 50 })
    assert.equal(isRestored(live), true)
  })
}

test('a damaged database cannot be written into, but replaced, and the damaged file is kept', async t => {
  const { live, aside, restore } = bench(t)
  writeFileSync(live, 'not a database at all')
  await rejectsWith('SOURCE_NOT_A_DATABASE', restore())
  assert.equal((await restore({ mode: 'replace' })).isOldKept, true)
  assert.equal(isRestored(live), true)
  assert.equal(readFileSync(aside, 'utf8'), 'not a database at all')
})

test('a replaced file keeps its mode, stale companions go aside with the old one, and the old content is whole there', async t => {
  const { live, aside, restore } = bench(t)
  chmodSync(live, 0o640)
  // A copy of a database whose application was killed: what it committed last stands in the log alone.
  const db = new Database(live)
  db.exec('PRAGMA wal_autocheckpoint = 0; CREATE TABLE late (x); INSERT INTO late VALUES (1)')
  for (const suffix of ['', '-wal']) copyFileSync(live + suffix, `${live}.copy${suffix}`)
  db.close()
  for (const suffix of ['', '-wal']) copyFileSync(`${live}.copy${suffix}`, live + suffix)
  await restore({ mode: 'replace' })
  assert.deepEqual([existsSync(`${live}-wal`), statSync(live).mode & 0o777, isRestored(live)], [false, 0o640, true])
  assert.deepEqual(readMoney(live), { sum: TOTAL, integrity: 'ok' })
  const old = new Database(aside)
  t.after(() => old.close())
  assert.equal(old.prepare('SELECT x FROM late').pluck().get(), 1)
})

test('where the database is gone, the log that it left goes aside, and is not taken for one of the new file', async t => {
  const { live, aside, restore } = bench(t)
  const db = new Database(live)
  db.exec('PRAGMA wal_autocheckpoint = 0; CREATE TABLE late (x)')
  copyFileSync(`${live}-wal`, `${live}.log`)
  db.close()
  rmSync(live)
  copyFileSync(`${live}.log`, `${live}-wal`)
  assert.equal((await restore({ mode: 'replace' })).isOldKept, true)
  assert.deepEqual([existsSync(`${live}-wal`), existsSync(`${aside}-wal`), isRestored(live)], [false, true, true])
  assert.deepEqual(readMoney(live), { sum: TOTAL, integrity: 'ok' })
})

for (const journalMode of ['wal', 'delete'] as const) {
  test(`a file that another process has open in ${journalMode} mode is not replaced, and the process is named`, async t => {
    const { live, restore, check } = bench(t, { journalMode })
    const holder = await sqliteProcess(t, live, 'SELECT count(*) FROM entry')
    for (const attempt of [check, restore]) {
      assert.match(
        (await rejectsWith('RESTORE_TARGET_OPEN', attempt({ mode: 'replace' }))).message,
        new RegExp(`\\b${holder.pid}\\b`)
      )
    }
    await holder.stop()
    assert.equal(isRestored(live), false)
    assert.deepEqual(readdirSync(join(live, '..')).filter(name => /aside|restore/.test(name)), [])
  })
}

test('a replacement that was cut short between the two names gives the old file back what belongs to it', async t => {
  const { live } = bench(t)
  const db = new Database(live)
  db.exec('PRAGMA wal_autocheckpoint = 0; CREATE TABLE late (x)')
  for (const suffix of ['', '-wal']) copyFileSync(live + suffix, `${live}.copy${suffix}`)
  db.close()
  // As a kill between setting the companions aside and the rename would leave it.
  copyFileSync(`${live}.copy`, live)
  linkSync(live, `${live}.aside`)
  copyFileSync(`${live}.copy-wal`, `${live}.aside-wal`)
  undoHalfReplaced(live, `${live}.aside`)
  undoHalfReplaced(live, `${live}.aside`)
  const again = new Database(live)
  t.after(() => again.close())
  assert.equal(again.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'late'").pluck().get(), 1)
  assert.equal(existsSync(`${live}.aside`), false)
})

test('killed at any instant of a replacement the old file stands there or the new one, whole, and nothing is left beside it', async t => {
  const { home, live, aside, restore, settle } = bench(t, { entries: 50_000 }, { entries: 40_000 })
  copyFileSync(live, `${live}.first`)
  const before = readdirSync(home)
  const outcomes = { old: 0, fresh: 0 }
  await killEach(restore, { mode: 'replace' }, () => {
    copyFileSync(`${live}.first`, live)
  }, async () => {
    const isKept = await settle()
    assert.deepEqual(readMoney(live), { sum: TOTAL, integrity: 'ok' })
    const isFresh = isRestored(live)
    assert.equal(isKept, isFresh)
    outcomes[isFresh ? 'fresh' : 'old']++
    discardAside(aside)
    assert.deepEqual(readdirSync(home).filter(name => !/-(?:wal|shm)$/.test(name)), before)
    return outcomes.old > 0 && outcomes.fresh > 0
  })
  assert.ok(outcomes.old > 0 && outcomes.fresh > 0, JSON.stringify(outcomes))
  t.diagnostic(JSON.stringify(outcomes))
})

test('where the old file was renamed and never replaced, what belongs to it comes back with it', async t => {
  const { live } = bench(t)
  const db = new Database(live)
  db.exec('PRAGMA wal_autocheckpoint = 0; CREATE TABLE late (x)')
  for (const suffix of ['', '-wal']) copyFileSync(live + suffix, `${live}.aside${suffix}`)
  db.close()
  // As a kill on a file system without hard links would leave it.
  rmSync(live)
  assert.equal(undoHalfReplaced(live, `${live}.aside`), false)
  const again = new Database(live)
  t.after(() => again.close())
  assert.equal(again.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'late'").pluck().get(), 1)
})

test('a replacement that is undone gives the old file its name with what belongs to it, and nothing of the new one stays', async t => {
  const { home, live, aside, restore } = bench(t)
  const old = readFileSync(live)
  const before = readdirSync(home)
  await restore({ mode: 'replace' })
  for (const suffix of ['-wal', '-shm']) writeFileSync(live + suffix, 'of the new file')
  writeFileSync(`${aside}-journal`, 'of the old file')
  undoReplaced(live, aside, true)
  assert.deepEqual(readFileSync(live), old)
  assert.equal(readFileSync(`${live}-journal`, 'utf8'), 'of the old file')
  assert.deepEqual(readdirSync(home).toSorted(), [...before, 'live.db-journal'].toSorted())
  undoReplaced(live, aside, true)
  assert.deepEqual([readFileSync(live), existsSync(`${live}-journal`)], [old, true])
})

test('an undo that was interrupted is completed by the next one', async t => {
  const { live, aside, restore } = bench(t)
  const old = readFileSync(live)
  await restore({ mode: 'replace' })
  // As a kill between the removal of the new file and the last rename would leave it.
  rmSync(live)
  writeFileSync(`${live}-journal`, 'of the old file')
  undoReplaced(live, aside, true)
  assert.deepEqual([readFileSync(live), existsSync(`${live}-journal`), existsSync(aside)], [old, true, false])
})

test('an undo removes a file where there was none, and leaves the log that was there alone', async t => {
  const { home, live, aside, restore } = bench(t)
  for (const suffix of ['', '-wal', '-shm']) rmSync(live + suffix, { force: true })
  writeFileSync(`${live}-wal`, 'left behind')
  const before = readdirSync(home)
  await restore({ mode: 'replace' })
  for (const time of ['first', 'second']) {
    undoReplaced(live, aside, false)
    assert.deepEqual(readdirSync(home), before, time)
    assert.equal(readFileSync(`${live}-wal`, 'utf8'), 'left behind')
  }
})

test('another path becomes a new file, and one that exists gives way only where that is allowed', async t => {
  const { home, live, restore } = bench(t)
  const path = join(home, 'copy.db')
  await restore({ mode: 'file', path })
  assert.deepEqual([isRestored(path), isRestored(live)], [true, false])
  await rejectsWith('RESTORE_TARGET_EXISTS', restore({ mode: 'file', path }))
  writeFileSync(`${path}-wal`, 'nothing of SQLite')
  await rejectsWith('RESTORE_TARGET_INVALID', restore({ mode: 'file', path, overwrite: true }))
  writeFileSync(`${path}-wal`, Buffer.from('377f0682002de218', 'hex'))
  await restore({ mode: 'file', path, overwrite: true })
  assert.deepEqual([isRestored(path), readMoney(path).integrity], [true, 'ok'])
  await rejectsWith('RESTORE_TARGET_INVALID', restore({ mode: 'file', path: join(home, 'nowhere/copy.db') }))
  await rejectsWith('RESTORE_TARGET_INVALID', restore({ mode: 'file', path: home, overwrite: true }))
})

for (const journalMode of ['wal', 'delete'] as const) {
  test(`killed at any instant of a live restore in ${journalMode} mode the database has the old content or the new, and is whole`, async t => {
    const { live, restore } = bench(t, { journalMode, entries: 60_000 }, { journalMode, entries: 50_000 })
    copyFileSync(live, `${live}.first`)
    const outcomes = { old: 0, fresh: 0, unfinished: 0 }
    const before = (): void => {
      for (const suffix of ['-wal', '-shm', '-journal']) rmSync(live + suffix, { force: true })
      copyFileSync(`${live}.first`, live)
    }
    await killEach(restore, {}, before, () => {
      // A log or journal with something in it: the transaction, or the way of its pages into the file, was cut short.
      if (
        (statSync(`${live}-${journalMode === 'wal' ? 'wal' : 'journal'}`, { throwIfNoEntry: false })?.size ?? 0) > 0
      ) {
        outcomes.unfinished++
      }
      assert.deepEqual(readMoney(live), { sum: TOTAL, integrity: 'ok' })
      outcomes[isRestored(live) ? 'fresh' : 'old']++
      return outcomes.old > 0 && outcomes.fresh > 0 && outcomes.unfinished > 0
    })
    assert.ok(outcomes.old > 0 && outcomes.fresh > 0 && outcomes.unfinished > 0, JSON.stringify(outcomes))
    t.diagnostic(JSON.stringify(outcomes))
  })
}
