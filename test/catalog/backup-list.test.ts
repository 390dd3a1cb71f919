import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { OpenedCatalog } from '../../src/catalog/index.ts'
import type { Backup } from '../../src/core/backup/backup.ts'
import type { BackupQuery } from '../../src/core/catalog/catalog.ts'
import { completed, failed, newBackup, newCatalog, START } from '../support/catalog/catalog.ts'

const at = (minutes: number): Date => new Date(START.getTime() + minutes * 60_000)

/** Ten backups of two sources, of every status, one of them in the trash and one gone. */
async function filled (catalog: OpenedCatalog): Promise<Backup[]> {
  for (let index = 0; index < 10; index++) {
    const given = {
      source: index % 3 === 0 ? 'shop' : 'blog',
      type: (['manual', 'scheduled', 'pre-migration'] as const)[index % 3]!,
      method: index === 4 ? 'incremental' as const : 'full' as const,
      startedAt: at(index === 9 ? -5 : index),
      key: `k${index}`
    }
    if (index === 2 || index === 8) await failed(catalog, given)
    else if (index === 3) await catalog.backups.start(newBackup(given))
    else await completed(catalog, given)
  }
  await catalog.backups.trash(6, 'trash/k5', '/trash', at(60))
  await catalog.backups.remove(7, at(60))
  return await Promise.all(Array.from({ length: 10 }, (_, index) => catalog.backups.get(index + 1)))
}

function matches (backup: Backup, query: Omit<BackupQuery, 'limit' | 'before'>): boolean {
  return backup.deletedAt === null &&
    (backup.trashedAt !== null) === (query.trashed === true) &&
    (query.source === undefined || backup.source === query.source) &&
    backup.source !== query.exceptSource &&
    (query.status === undefined || backup.status === query.status) &&
    (query.type === undefined || backup.type === query.type) &&
    (query.method === undefined || backup.method === query.method) &&
    (query.since === undefined || backup.startedAt >= query.since)
}

test('an empty catalog has an empty list', async t => {
  const { catalog } = await newCatalog(t)
  assert.deepEqual(await catalog.backups.list({ limit: 50 }), { backups: [], count: 0, next: null })
})

test('the list is newest first, without the trash and what is gone', async t => {
  const { catalog } = await newCatalog(t)
  await filled(catalog)
  const page = await catalog.backups.list({ limit: 50 })
  assert.deepEqual(page.backups.map(backup => backup.id), [10, 9, 8, 5, 4, 3, 2, 1])
  assert.deepEqual([page.count, page.next], [8, null])
})

test('a page ends with the cursor of the next, and the count does not depend on it', async t => {
  const { catalog } = await newCatalog(t)
  await filled(catalog)
  const first = await catalog.backups.list({ limit: 3 })
  const second = await catalog.backups.list({ limit: 3, before: first.next! })
  const third = await catalog.backups.list({ limit: 3, before: second.next! })
  assert.deepEqual([first, second, third].map(page => page.backups.map(backup => backup.id)), [[10, 9, 8], [5, 4, 3], [
    2,
    1
  ]])
  assert.deepEqual([first, second, third].map(page => [page.count, page.next]), [[8, 8], [8, 3], [8, null]])
})

test('a page that ends with the last match has no next', async t => {
  const { catalog } = await newCatalog(t)
  await filled(catalog)
  assert.equal((await catalog.backups.list({ limit: 8 })).next, null)
})

test('a value that looks like SQL is a value', async t => {
  const { catalog } = await newCatalog(t)
  await filled(catalog)
  assert.equal((await catalog.backups.list({ limit: 50, source: "' OR 1=1 --" })).count, 0)
})

test('every combination of filters, cursor and limit gives what a look at each row gives', async t => {
  const { catalog } = await newCatalog(t)
  const all = await filled(catalog)
  const maybe = <T>(...values: T[]): fc.Arbitrary<T | undefined> => fc.constantFrom(undefined, ...values)
  const queries = fc.record({
    source: maybe('shop', 'blog', 'none'),
    exceptSource: maybe('shop', 'none'),
    status: maybe('in_progress' as const, 'completed' as const, 'failed' as const),
    type: maybe('manual' as const, 'scheduled' as const, 'pre-migration' as const),
    method: maybe('full' as const, 'incremental' as const, 'wal' as const),
    since: maybe(at(-10), at(0), at(4), at(100)),
    trashed: maybe(true, false),
    before: maybe(1, 4, 9, 100),
    byTime: maybe(true, false),
    limit: fc.constantFrom(1, 2, 5, 500)
  })
  await fc.assert(
    fc.asyncProperty(queries, async query => {
      const matching = all.filter(backup => matches(backup, query)).toReversed()
      const from = matching.filter(backup => backup.id < (query.before ?? Infinity))
      if (query.byTime === true) from.sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime() || b.id - a.id)
      const page = await catalog.backups.list(query)
      assert.deepEqual(page.backups.map(backup => backup.id), from.slice(0, query.limit).map(backup => backup.id))
      assert.equal(page.count, matching.length)
      assert.equal(page.next, query.byTime !== true && from.length > query.limit ? from[query.limit - 1]!.id : null)
    }),
    { numRuns: 500 }
  )
})
