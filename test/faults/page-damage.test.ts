import assert from 'node:assert/strict'
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { toBackupError } from '../../src/core/errors.ts'
import { Dice } from '../support/seeded-random.ts'
import { tellPlanted } from '../support/fault-count.ts'
import { openShop } from '../support/engine/open-shop.ts'
import { noise } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'

/** The same damages again: HOLDFAST_SEED=… */
const SEED = Number(process.env['HOLDFAST_SEED'] ?? 4)
const CHILD = new URL('./page-damage-child.ts', import.meta.url).pathname
const SHARES = Math.min(2, availableParallelism())

interface Told {
  readonly planted: number
  /** Damages that SQLite itself sees. */
  readonly seen: number
  readonly caught: number
  readonly wrong: readonly string[]
}

/**
 * A little of everything that a page can be: trees of tables and of indexes, overflow, free pages, WITHOUT ROWID, full
 * text, pointer maps.
 */
function makeVariety (path: string, pageSize: number, rows: number): void {
  const db = new Database(path)
  db.exec(`
    PRAGMA page_size = ${pageSize};
    PRAGMA auto_vacuum = ${pageSize === 512 ? 'INCREMENTAL' : 'NONE'};
    CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE invoice (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customer (id), total REAL, note TEXT);
    CREATE INDEX invoice_customer ON invoice (customer, total);
    CREATE TABLE word (word TEXT PRIMARY KEY, page INTEGER) WITHOUT ROWID;
    CREATE TABLE body (id INTEGER PRIMARY KEY, bytes BLOB);
    CREATE TABLE gone (x);
    CREATE VIRTUAL TABLE letter USING fts5 (text);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows}) INSERT INTO customer SELECT i, 'customer ' || i FROM n;
    INSERT INTO invoice SELECT id, id, id * 1.5, 'a note for ' || name FROM customer;
    INSERT INTO word SELECT name, id FROM customer;
    INSERT INTO gone SELECT name || name FROM customer;
    INSERT INTO letter SELECT 'dear ' || name FROM customer WHERE id % 10 = 0;
    INSERT INTO body VALUES (1, zeroblob(${pageSize * 8})), (2, CAST(hex(zeroblob(${pageSize * 4})) AS BLOB));
    DELETE FROM gone;
  `)
  db.close()
}

for (const [pageSize, rows] of [[512, 300], [1024, 400]] as const) {
  test(
    `whatever is done to a page of ${pageSize} bytes, nothing is called valid that SQLite finds an error in, and nothing crashes or hangs`,
    { timeout: 120_000 },
    async t => {
      const path = join(tempDir(t, { inMemory: true }), 'variety.db')
      makeVariety(path, pageSize, rows)
      const shares = await Promise.all(Array.from({ length: SHARES }, (_, share) => damageAll(path, share)))
      const sum = (count: (told: Told) => number): number => shares.reduce((total, told) => total + count(told), 0)
      t.diagnostic(
        `seed ${SEED}: ${sum(told => told.seen)} damages seen by SQLite, ${sum(told => told.caught)} not called valid`
      )
      tellPlanted(t, `damaged pages of ${pageSize} bytes`, sum(told => told.planted), sum(told => told.planted))
      assert.deepEqual(shares.flatMap(told => told.wrong), [])
      assert.ok(sum(told => told.seen) > 500)
    }
  )
}

async function damageAll (path: string, share: number): Promise<Told> {
  const child = fork(CHILD, [path, String(SEED), String(share), String(SHARES)], {
    env: { ...process.env, SQLITE_USE_URI: '1' }
  })
  let under = 'nothing yet'
  let told: Told | undefined
  child.on('message', message => {
    if ('under' in (message as object)) under = (message as { under: string }).under
    else told = message as Told
  })
  try {
    const [code, signal] = await once(child, 'exit') as [number | null, string | null]
    if (told === undefined) assert.fail(`the process ended with ${code ?? signal} at: ${under}`)
    return told
  } finally {
    child.kill('SIGKILL')
  }
}

test('a backup of a database that is damaged while it is in use fails with a code that says so, and the next one of the healed database succeeds', async t => {
  const home = tempDir(t, { inMemory: true })
  const path = join(home, 'shop.db')
  makeVariety(path, 1024, 300)
  const whole = readFileSync(path)
  const { engine } = await openShop(t, home)
  const dice = new Dice(SEED)
  const outcomes = new Map<string, number>()
  for (let page = 1; page <= whole.length / 1024; page += dice.between(6, 14)) {
    const at = (page - 1) * 1024
    const damaged = Buffer.from(whole)
    damaged.set(dice.chance(0.5) ? Buffer.alloc(1024) : noise(1024, page), at)
    writeFileSync(path, damaged)
    const isSeen = await sqliteFinds(path)
    const outcome = await engine.create({ type: 'manual' }).then(({ result }) => result).then(
      backup => backup.status,
      (error: unknown) => toBackupError(error).code
    )
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    if (isSeen) {
      assert.match(
        outcome,
        /^(SOURCE_MALFORMED|SOURCE_NOT_A_DATABASE|SOURCE_ENCRYPTED|VERIFICATION_FAILED)$/,
        `page ${page}`
      )
    } else assert.equal(outcome, 'completed', `page ${page}`)
  }
  t.diagnostic(JSON.stringify(Object.fromEntries(outcomes)))
  const damages = [...outcomes.values()].reduce((sum, times) => sum + times, 0)
  tellPlanted(t, 'pages damaged under a live source', damages, damages)
  assert.ok(outcomes.size > 1)
  writeFileSync(path, whole)
  const backup = await (await engine.create({ type: 'manual' })).result
  assert.deepEqual([backup.status, backup.verification.status], ['completed', 'valid'])
})

/** In a process of its own, since this one must not close a descriptor of a database that somebody has open. */
async function sqliteFinds (path: string): Promise<boolean> {
  const script =
    'const D = require(process.argv[1]); try { process.exit(new D(process.argv[2], { readonly: true }).pragma("integrity_check", { simple: true }) === "ok" ? 0 : 1) } catch { process.exit(1) }'
  const library = createRequire(import.meta.url).resolve('better-sqlite3')
  const [code] = await once(spawn(process.execPath, ['-e', script, library, path]), 'exit') as [number]
  return code !== 0
}
