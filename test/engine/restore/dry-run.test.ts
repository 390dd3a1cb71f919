import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import type { DryRun } from '../../../src/engine/restore/dry-run.ts'
import type { RestoreRequest } from '../../../src/engine/restore/restore-plan.ts'
import { sqliteSource } from '../../../src/sources/sqlite/sqlite-source.ts'
import { testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { sqliteProcess } from '../../support/processes/sqlite-process.ts'
import { tempDir } from '../../support/temp-dir.ts'

interface Bench extends TestEngine {
  readonly path: string
  readonly dryRun: (request?: RestoreRequest) => Promise<DryRun>
}

/** Backup 1 has three people and two pets; the database lost one person, got two others, and has a new table. */
async function bench (t: TestContext): Promise<Bench> {
  const home = tempDir(t)
  const path = join(home, 'people.db')
  exec(
    path,
    `PRAGMA journal_mode = WAL; CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE pet (name TEXT);
    INSERT INTO person VALUES (1, 'Ann'), (2, 'Bob'), (3, 'Cid'); INSERT INTO pet VALUES ('Rex'), ('Tom')`
  )
  const engine = await testEngine(t, {
    sources: [sqliteSource({ name: 'people', path, busyTimeout: 1000, scratchDir: home })]
  })
  await engine.create()
  exec(
    path,
    `DELETE FROM person WHERE id = 2; UPDATE person SET name = 'Cyd' WHERE id = 3;
    INSERT INTO person VALUES (7, 'Gus'), (8, 'Hal'); CREATE TABLE late (id INTEGER PRIMARY KEY)`
  )
  return {
    ...engine,
    path,
    dryRun: async (request = {}) => await (await engine.engine.restoreDryRun(1, request)).result
  }
}

function exec (path: string, sql: string): void {
  const db = new Database(path)
  db.exec(sql)
  db.close()
}

test('a dry run counts rows and room, and changes neither database nor catalog nor store', async t => {
  const { path, dryRun, engine, deps } = await bench(t)
  const before = [readFileSync(path), statSync(path).mtimeMs] as const
  const found = await dryRun()
  assert.deepEqual(found.tables, [
    { table: 'late', presence: 'dropped', inserted: 0, deleted: 0, changed: 0, same: 0 },
    { table: 'person', presence: 'both', inserted: 1, deleted: 2, changed: 1, same: 1 },
    { table: 'pet', presence: 'both', inserted: 0, deleted: 0, changed: 0, same: 2 }
  ])
  assert.deepEqual([found.mode, found.target, found.isSecured, found.obstacle, found.rowsUnknown], [
    'live',
    path,
    true,
    null,
    null
  ])
  assert.deepEqual(found.space.map(({ use }) => use), ['scratch', 'target', 'backups'])
  for (const { needed, free } of found.space) assert.ok(needed >= 12_288 && (free ?? 0) > 0)
  assert.deepEqual([readFileSync(path).equals(before[0]), statSync(path).mtimeMs], [true, before[1]])
  assert.deepEqual((await engine.restores({ limit: 9 })).restores, [])
  assert.equal((await engine.backups({ limit: 9 })).backups.length, 1)
  assert.deepEqual(readdirSync(deps.scratch.directory), [])
})

test('the restore does what the dry run said, and the next one is estimated from it', async t => {
  const { path, dryRun, engine } = await bench(t)
  await (await engine.restore(1, {})).result
  const { tables, estimate } = await dryRun()
  assert.deepEqual(
    tables?.map(({ table, inserted, deleted, changed, same }) => [table, inserted + deleted + changed, same]),
    [
      ['person', 0, 3],
      ['pet', 0, 2]
    ]
  )
  assert.equal(estimate.from, 1)
  assert.ok(statSync(path).size > 0)
})

test('a process that has the database open is named, and is in the way of the mode "replace" alone', async t => {
  const { path, dryRun } = await bench(t)
  const other = await sqliteProcess(t, path, 'SELECT count(*) FROM person')
  const live = await dryRun()
  assert.deepEqual([live.holders.map(({ pid }) => pid), live.obstacle], [[other.pid], null])
  const replace = await dryRun({ mode: 'replace' })
  assert.deepEqual([replace.holders.map(({ pid }) => pid), replace.obstacle?.code], [
    [other.pid],
    'RESTORE_TARGET_OPEN'
  ])
})

test('a database that is gone would be made anew, and has no rows to compare', async t => {
  const { path, dryRun } = await bench(t)
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
  const { mode, tables, rowsUnknown, obstacle } = await dryRun()
  assert.deepEqual([mode, tables, obstacle], ['replace', null, null])
  assert.match(rowsUnknown ?? '', /does not exist/)
})

test('a file in the way of another path is what the restore would fail with', async t => {
  const { dryRun } = await bench(t)
  const target = join(tempDir(t), 'there', 'copy.db')
  mkdirSync(join(target, '..'))
  assert.equal((await dryRun({ target })).obstacle, null)
  writeFileSync(target, '')
  const { mode, isSecured, tables, space, obstacle } = await dryRun({ target })
  assert.deepEqual([mode, isSecured, tables, obstacle?.code], ['file', false, null, 'RESTORE_TARGET_EXISTS'])
  assert.deepEqual(space.map(({ use }) => use), ['scratch', 'target'])
})
