import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import type { Placed, Placement } from '../../../src/core/restore/restore.ts'
import { sqliteRestorer } from '../../../src/sources/sqlite/restore.ts'
import { makeMoney } from '../../support/databases/money.ts'
import { BROKEN, FOREIGN, makeOdd, type OddDatabase } from '../../support/databases/odd.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { restorableOf } from '../../support/sources/images.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

interface Bench {
  readonly home: string
  readonly live: string
  readonly image: string
  restore(mode?: Placement['mode'], onBytes?: (bytes: number) => void, signal?: AbortSignal): Promise<Placed>
}

/** An image, and the live database that was made of it, in which `change` is done since. */
function bench (t: TestContext, make: (path: string) => void, change: string): Bench {
  const home = tempDir(t)
  const [live, image] = [join(home, 'live.db'), join(home, 'image.db')]
  make(image)
  copyFileSync(image, live)
  const db = new Database(live)
  db.exec(change)
  db.close()
  const placement = { path: live, overwrite: false, timeout: 5000, aside: join(home, 'live.db.aside') }
  return {
    home,
    live,
    image,
    restore: (mode = 'live', onBytes = () => {}, signal = never) =>
      sqliteRestorer(home).place(restorableOf(image), { ...placement, mode }, onBytes, signal)
  }
}

function odd (t: TestContext, database: OddDatabase, journalMode: string): Bench {
  return bench(t, path => {
    makeOdd(path, database, journalMode)
  }, "UPDATE note SET t = 'after'")
}

function noteOf (path: string): unknown {
  const db = new Database(path, { readonly: true })
  try {
    return db.prepare('SELECT t FROM note').pluck().get()
  } finally {
    db.close()
  }
}

for (const journalMode of ['wal', 'delete']) {
  for (const [what, database] of Object.entries(FOREIGN)) {
    test(`${what} that only the application has does not make a restore that took place a failed one (${journalMode})`, async t => {
      const { live, restore } = odd(t, database, journalMode)
      const { warnings } = await restore()
      assert.equal(noteOf(live), 'before')
      for (const warning of warnings) assert.match(warning, /not possible for "t"/)
      assert.equal(warnings.length, /collation|tokenizer/.test(what) ? 1 : 0)
    })
  }

  test(`broken constraints of the backup are a warning of the restore (${journalMode})`, async t => {
    const { live, restore } = odd(t, BROKEN['more broken rows than SQLite reports by itself']!, journalMode)
    const { warnings } = await restore()
    assert.equal(noteOf(live), 'before')
    assert.match(warnings[0] ?? '', /NULL value in t\.n/)
  })

  test(`content that is found damaged after the commit is said to be in place, and damaged (${journalMode})`, async t => {
    const { live, image, restore } = bench(t, path => {
      makeMoney(path, { entries: 5000, journalMode: journalMode as 'wal' | 'delete' })
    }, 'CREATE TABLE late (x)')
    const bytes = readFileSync(image)
    // The last page belongs to a table or its index.
    bytes.fill(0xff, bytes.length - 4096)
    writeFileSync(image, bytes)
    const error = await rejectsWith('SOURCE_MALFORMED', restore())
    assert.match(error.message, /was restored to .*and is damaged/)
    const db = new Database(live, { readonly: true })
    assert.equal(db.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'late'").pluck().get(), 0)
    db.close()
  })
}

test('a restore that is cut short when the content is in its place is a completed one with a warning', async t => {
  const { live, image, restore } = bench(t, path => {
    makeMoney(path, { entries: 300_000 })
  }, 'CREATE TABLE late (x)')
  const abort = new AbortController()
  const size = readFileSync(image).length
  const { warnings } = await restore('live', bytes => {
    if (bytes === size) abort.abort(new Error('it was cancelled'))
  }, abort.signal)
  assert.match(warnings.join(), /was restored, but not checked in place: it was cancelled/)
  const db = new Database(live, { readonly: true })
  assert.equal(db.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'late'").pluck().get(), 0)
  db.close()
})
