import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import type { ExportRequest } from '../../../src/core/ports/export.ts'
import type { Exported, ExportFrom, ExportTarget } from '../../../src/engine/restore/export.ts'
import { sqliteSource } from '../../../src/sources/sqlite/sqlite-source.ts'
import { testEngine, type TestEngine, type TestEngineOptions } from '../../support/engine/engine.ts'
import { setScene } from '../../support/engine/set-engine.ts'
import { ageKey, keyring } from '../../support/pipeline/keys.ts'
import { childAtWork, needChildren } from '../../support/processes/children.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { tempDir } from '../../support/temp-dir.ts'

interface Bench extends TestEngine {
  readonly live: Database.Database
  /** A directory for exports, which is empty. */
  readonly out: string
  readonly file: string
  exported(
    from?: ExportFrom,
    target?: Partial<ExportTarget> | null,
    request?: Partial<ExportRequest>
  ): Promise<Exported>
}

const ACME = 'id,tenant\n1,acme\n3,acme\n'

/** A source `shop` with three rows, of which the live database has one less. */
async function bench (t: TestContext, options: Partial<TestEngineOptions> = {}): Promise<Bench> {
  const [home, out] = [tempDir(t), tempDir(t)]
  const path = join(home, 'shop.db')
  const live = new Database(path)
  live.exec(
    "PRAGMA journal_mode = WAL; CREATE TABLE sale (id INTEGER PRIMARY KEY, tenant TEXT); INSERT INTO sale VALUES (1, 'acme'), (2, 'other'), (3, 'acme')"
  )
  t.after(() => live.close())
  const engine = await testEngine(t, {
    sources: [sqliteSource({ name: 'shop', path, busyTimeout: 1000, scratchDir: home })],
    ...options
  })
  await engine.create()
  live.exec('DELETE FROM sale WHERE id = 3')
  const file = join(out, 'acme.csv')
  return {
    ...engine,
    live,
    out,
    file,
    exported: async (from = { id: 1 }, target = {}, request = {}) =>
      await (await engine.engine.exportRows(
        from,
        { table: 'sale', where: "tenant = 'acme'", format: 'csv', ...request },
        target === null ? null : { file, overwrite: false, ...target }
      )).result
  }
}

for (const compression of ['none', 'zstd'] as const) {
  test(`rows of a backup with the compression ${compression} are exported to a new file for its owner alone`, async t => {
    const { exported, file, out } = await bench(t, { settings: { compression } })
    const { backup, source, table, rows, bytes, sha256, content } = await exported()
    assert.deepEqual([backup?.id, source, table, rows, content], [1, 'shop', 'sale', 2, null])
    const written = readFileSync(file)
    assert.equal(written.toString(), ACME)
    assert.deepEqual([bytes, sha256], [written.length, createHash('sha256').update(written).digest('hex')])
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(out), ['acme.csv'])
  })
}

test('rows of an encrypted backup are exported with its key, and not without', async t => {
  const { identity, recipient } = await ageKey()
  const sealing = { encryption: 'age', ageRecipients: [recipient] } as const
  const { exported, file } = await bench(t, { keyring: await keyring({ identities: [identity], sealing }) })
  await exported()
  assert.equal(readFileSync(file, 'utf8'), ACME)
  const locked = await bench(t, { keyring: await keyring({ sealing }) })
  await rejectsWith('KEY_MISSING', locked.exported())
  assert.deepEqual(readdirSync(locked.out), [])
})

test('rows of the source itself are exported as they are now', async t => {
  const { exported, file, engine } = await bench(t)
  const { backup, source } = await exported({ source: 'shop' })
  assert.deepEqual([backup, source, readFileSync(file, 'utf8')], [null, 'shop', 'id,tenant\n1,acme\n'])
  assert.deepEqual(
    (await engine.jobs({ limit: 1 })).jobs.map(({ kind, source, backupId }) => [kind, source, backupId]),
    [
      ['export', 'shop', null]
    ]
  )
  await rejectsWith('SOURCE_NOT_FOUND', exported({ source: 'none' }))
})

test('a file that exists stays, unless it is to be overwritten by a complete export', async t => {
  const { exported, file, out } = await bench(t)
  writeFileSync(file, 'kept')
  await rejectsWith('RESTORE_TARGET_EXISTS', exported())
  await rejectsWith('VALIDATION_FAILED', exported({ id: 1 }, { overwrite: true }, { where: '1) OR (1' }))
  assert.equal(readFileSync(file, 'utf8'), 'kept')
  await exported({ id: 1 }, { overwrite: true })
  assert.deepEqual([readFileSync(file, 'utf8'), statSync(file).mode & 0o777], [ACME, 0o600])
  assert.deepEqual(readdirSync(out), ['acme.csv'])
  await rejectsWith('RESTORE_TARGET_INVALID', exported({ id: 1 }, { file: join(file, 'x') }))
  await rejectsWith('RESTORE_TARGET_INVALID', exported({ id: 1 }, { file: join(out, 'none', 'x') }))
})

test('no export replaces a source, or a file of the service', async t => {
  const { exported, live, directory } = await bench(t)
  for (const file of [live.name, `${live.name}-wal`, join(directory, 'x.csv')]) {
    await rejectsWith('RESTORE_TARGET_INVALID', exported({ id: 1 }, { file, overwrite: true }))
  }
})

test('a damaged backup is not exported', async t => {
  const { exported, engine, directory, out } = await bench(t)
  const copy = new Database(join(directory, (await engine.backup(1)).key))
  copy.exec("UPDATE sale SET tenant = 'acme' WHERE id = 2")
  copy.close()
  await rejectsWith('CHECKSUM_MISMATCH', exported())
  assert.deepEqual(readdirSync(out), [])
})

test('when the process that reads is killed midway, there is no file', async t => {
  if (!needChildren(t)) return
  const { exported, live, out, deps } = await bench(t)
  live.exec(
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) INSERT INTO sale SELECT i + 10, printf('%.*c', 500, 'x') FROM n"
  )
  for (const target of [{}, null]) {
    const work = exported({ source: 'shop' }, target, { where: undefined })
    work.catch(() => {})
    process.kill(await childAtWork('export-child'), 'SIGKILL')
    await rejectsWith('SOURCE_FAILED', work)
  }
  assert.deepEqual([readdirSync(out), readdirSync(deps.scratch.directory)], [[], []])
})

test('without a target the rows are read from a file without a name', async t => {
  const { exported, deps } = await bench(t)
  const { content, bytes, file } = await exported({ id: 1 }, null)
  assert.deepEqual([file, readdirSync(deps.scratch.directory)], [null, []])
  assert.ok(content)
  assert.equal((await buffer(content)).toString(), ACME)
  assert.equal(bytes, ACME.length)
})

test('the reserve of the disk stays free', async t => {
  const { exported, deps } = await bench(t)
  const { free } = await deps.scratch.space()
  Object.assign(deps, { diskReserve: free })
  await rejectsWith('DISK_FULL', exported({ source: 'shop' }, null))
})

test('a source without tables is refused, and of a set a member is named', async t => {
  const memory = await testEngine(t)
  await memory.create()
  const request = { table: 'sale', format: 'csv' } as const
  for (const from of [{ id: 1 }, { source: 'shop' }]) {
    await rejectsWith('METHOD_UNSUPPORTED', memory.engine.exportRows(from, request, null))
  }
  const scene = await setScene(t)
  scene.addPayload('a.json')
  await scene.create()
  const calls = async (from: ExportFrom): Promise<string> => {
    const { content } = await (await scene.engine.exportRows(from, { table: 'call', format: 'csv' }, null)).result
    return (await buffer(content!)).toString()
  }
  assert.equal(await calls({ id: 1, member: 'audit' }), 'id,payload\n1,a.json\n')
  assert.equal(await calls({ source: 'audit' }), 'id,payload\n1,a.json\n')
  assert.match((await rejectsWith('VALIDATION_FAILED', calls({ id: 1 }))).hint ?? '', /"audit"/)
  assert.match((await rejectsWith('METHOD_UNSUPPORTED', calls({ source: 'elspeth' }))).hint ?? '', /"audit"/)
  await rejectsWith('METHOD_UNSUPPORTED', calls({ id: 1, member: 'payloads' }))
})
