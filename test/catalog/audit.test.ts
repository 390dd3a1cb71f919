import assert from 'node:assert/strict'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import type { NewAuditEntry } from '../../src/core/catalog/audit.ts'
import { newCatalog, START } from '../support/catalog/catalog.ts'

const DAY = 86_400_000

function later (days: number): Date {
  return new Date(START.getTime() + days * DAY)
}

function entry (given: Partial<NewAuditEntry> = {}): NewAuditEntry {
  return {
    at: START,
    origin: 'api',
    actor: 'ann',
    role: 'admin',
    address: '10.0.0.1',
    action: 'backup create',
    target: 'source shop',
    outcome: 'done',
    code: null,
    requestId: 'r1',
    ...given
  }
}

test('an entry is listed as it was recorded, newest first', async t => {
  const { catalog: { audit } } = await newCatalog(t)
  const first = await audit.record(entry())
  assert.deepEqual(first, { ...entry(), id: 1, times: 1 })
  const second = await audit.record(
    entry({
      at: later(-1),
      origin: 'cli',
      role: null,
      address: null,
      target: null,
      requestId: null,
      outcome: 'refused',
      code: 'FORBIDDEN',
      times: 7
    })
  )
  assert.deepEqual(await audit.list({ limit: 10 }), { entries: [second, first], next: null })
})

test('pages follow one another without a gap', async t => {
  const { catalog: { audit } } = await newCatalog(t)
  for (let i = 0; i < 5; i++) await audit.record(entry())
  const pages: number[][] = []
  let before: number | undefined
  do {
    const { entries, next } = await audit.list({ limit: 2, before })
    pages.push(entries.map(({ id }) => id))
    before = next ?? undefined
  } while (before !== undefined)
  assert.deepEqual(pages, [[5, 4], [3, 2], [1]])
})

test('filters go together, and with the pages', async t => {
  const { catalog: { audit } } = await newCatalog(t)
  await audit.record(entry())
  await audit.record(entry({ actor: 'bob', at: later(1) }))
  await audit.record(entry({ action: 'config change', at: later(2) }))
  await audit.record(entry({ outcome: 'failed', at: later(3) }))
  await audit.record(entry({ actor: null, at: later(4) }))
  const ids = async (query: Parameters<typeof audit.list>[0]): Promise<number[]> =>
    (await audit.list(query)).entries.map(({ id }) => id)
  assert.deepEqual(await ids({ limit: 9, actor: 'ann' }), [4, 3, 1])
  assert.deepEqual(await ids({ limit: 9, action: 'config change' }), [3])
  assert.deepEqual(await ids({ limit: 9, outcome: 'done' }), [5, 3, 2, 1])
  assert.deepEqual(await ids({ limit: 9, since: later(2) }), [5, 4, 3])
  assert.deepEqual(await ids({ limit: 9, actor: 'ann', action: 'backup create', outcome: 'done', since: START }), [1])
  assert.deepEqual(await ids({ limit: 1, actor: 'ann', before: 4 }), [3])
})

test('an entry cannot be changed, replaced or deleted, whoever tries', async t => {
  const { catalog: { audit }, path } = await newCatalog(t)
  await audit.record(entry())
  const database = new Database(path)
  t.after(() => {
    database.close()
  })
  const row = "(1, '2025', 'api', 'eve', 'admin', '', 'nothing', '', 'done', NULL, '', 1)"
  for (
    const sql of [
      "UPDATE audit SET actor = 'eve'",
      'UPDATE audit SET id = 9',
      'DELETE FROM audit',
      'DELETE FROM audit WHERE id = 1',
      `INSERT OR REPLACE INTO audit VALUES ${row}`,
      `INSERT INTO audit VALUES ${row} ON CONFLICT DO UPDATE SET actor = 'eve'`
    ]
  ) assert.throws(() => database.prepare(sql).run(), { code: 'SQLITE_CONSTRAINT_TRIGGER' }, sql)
  assert.deepEqual((await audit.list({ limit: 9 })).entries, [{ ...entry(), id: 1, times: 1 }])
})

test('a purge forgets what is older than its bound, and leaves the rest as safe as before', async t => {
  const { catalog: { audit }, path } = await newCatalog(t)
  for (const at of [START, later(1), later(2)]) await audit.record(entry({ at }))
  assert.equal(await audit.purge(START), 0)
  assert.equal(await audit.purge(later(1)), 1)
  assert.deepEqual((await audit.list({ limit: 9 })).entries.map(({ id }) => id), [3, 2])
  const database = new Database(path)
  t.after(() => {
    database.close()
  })
  assert.equal((await audit.record(entry())).id, 4)
  for (const id of [2, 4]) {
    assert.throws(() => database.prepare('DELETE FROM audit WHERE id = ?').run(id), {
      code: 'SQLITE_CONSTRAINT_TRIGGER'
    })
  }
})

test('an entry leaves the version as it is, so that no answer from memory has to be made again', async t => {
  const { catalog } = await newCatalog(t)
  const before = catalog.version()
  await catalog.audit.record(entry())
  assert.equal(catalog.version(), before)
})

test('a purge that finds nothing writes nothing', async t => {
  const { catalog: { audit }, path } = await newCatalog(t)
  await audit.record(entry())
  const database = new Database(path)
  t.after(() => {
    database.close()
  })
  const version = (): unknown => database.prepare('PRAGMA data_version').pluck().get()
  const before = version()
  await audit.purge(START)
  assert.equal(version(), before)
})
