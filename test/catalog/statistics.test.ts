import assert from 'node:assert/strict'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import type { OpenedCatalog } from '../../src/catalog/index.ts'
import { isLive, type Backup } from '../../src/core/backup/backup.ts'
import type { SourceStatistics, Statistics } from '../../src/core/catalog/catalog.ts'
import {
  completed,
  failed,
  INVALID,
  localCopy,
  manifestOf,
  newBackup,
  newCatalog,
  START,
  VALID
} from '../support/catalog/catalog.ts'

const SOURCES = ['blog', 'shop', 'wiki'] as const

test('the statistics of an empty catalog are null and 0', async t => {
  const { catalog } = await newCatalog(t)
  assert.deepEqual(await catalog.backups.statistics(), {
    totalBackups: 0,
    totalSize: 0,
    oldestBackup: null,
    newestBackup: null,
    failedBackups: 0,
    sources: []
  })
})

test('the statistics equal a look at every row, whatever was done before', async t => {
  const step = fc.record({
    what: fc.constantFrom(
      'start',
      'complete',
      'fail',
      'cancel',
      'keep',
      'trash',
      'undelete',
      'remove',
      'verify',
      'doubt',
      'adopt'
    ),
    pick: fc.nat(),
    source: fc.constantFrom(...SOURCES),
    type: fc.constantFrom('manual' as const, 'scheduled' as const),
    minutes: fc.integer({ min: -500, max: 500 }),
    size: fc.nat(5000)
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async steps => {
      const { catalog } = await newCatalog(t)
      for (const each of steps) await perform(catalog, each)
      const rows = await everything(catalog)
      assert.deepEqual(await catalog.backups.statistics(), recount(rows))
      await catalog.close()
    }),
    { numRuns: 30 }
  )
})

test('a source tells the first and the last of each kind, in whatever order they came', async t => {
  const { catalog } = await newCatalog(t)
  const at = (minutes: number): Date => new Date(START.getTime() + minutes * 60_000)
  for (const minutes of [20, 40, 10]) {
    const backup = await completed(catalog, { type: 'scheduled', startedAt: at(minutes) })
    await catalog.backups.recordVerification(backup.id, VALID, at(minutes + 2))
    await failed(catalog, { startedAt: at(minutes) }, at(minutes + 3))
  }
  assert.deepEqual((await catalog.backups.statistics()).sources, [{
    source: 'shop',
    lastSuccess: new Date(at(40).getTime() + 5000),
    lastFailure: at(43),
    lastVerified: at(42),
    lastScheduled: at(40),
    lastProven: null,
    restoreTime: null,
    newestProven: at(40),
    oldest: at(10),
    newest: at(40),
    count: 3,
    size: 3000
  }])
})

test('what another program changes in the table is counted too', async t => {
  const { catalog, path } = await newCatalog(t)
  await completed(catalog)
  const { id } = await completed(catalog)
  const other = new Database(path)
  t.after(() => other.close())
  other.pragma('foreign_keys = ON')
  other.prepare('DELETE FROM backup_log WHERE id = ?').run(id)
  other.prepare('UPDATE backup_log SET source = ?, file_size_bytes = 5').run('moved')
  const statistics = await catalog.backups.statistics()
  assert.deepEqual([statistics.totalBackups, statistics.totalSize], [1, 5])
  assert.deepEqual(statistics.sources.map(source => [source.source, source.count]), [['moved', 1]])
})

test('the size of a backup of several objects is that of all of them', async t => {
  const { catalog, path } = await newCatalog(t)
  await completed(catalog)
  const { id } = await completed(catalog)
  const other = new Database(path)
  t.after(() => other.close())
  const size = async (): Promise<number> => (await catalog.backups.statistics()).totalSize
  other.prepare('UPDATE backup_log SET stored_size_bytes = 2500 WHERE id = ?').run(id)
  assert.equal(await size(), 3500)
  await catalog.backups.trash(id, 'trash/x.db', '/backups/trash/x.db', START)
  assert.equal(await size(), 1000)
  await catalog.backups.undelete(id, 'x.db', '/backups/x.db')
  other.pragma('foreign_keys = ON')
  other.prepare('DELETE FROM backup_log WHERE id = ?').run(id)
  assert.equal(await size(), 1000)
})

interface Step {
  readonly what: string
  readonly pick: number
  readonly source: string
  readonly type: 'manual' | 'scheduled'
  readonly minutes: number
  readonly size: number
}

/** Does one thing to one of the rows that allow it, if there is one. */
async function perform (catalog: OpenedCatalog, step: Step): Promise<void> {
  const { backups } = catalog
  const at = new Date(START.getTime() + step.minutes * 60_000)
  const rows = await everything(catalog)
  const choose = (allowed: (backup: Backup) => boolean): Backup | undefined => {
    const candidates = rows.filter(allowed)
    return candidates[step.pick % candidates.length]
  }
  const object = { name: 'x', size: step.size, sha256: 'a'.repeat(64) }
  const running = choose(backup => backup.status === 'in_progress')
  const live = choose(isLive)
  const trashed = choose(backup => backup.trashedAt !== null && backup.deletedAt === null)
  const removable = choose(backup => backup.status !== 'in_progress' && backup.deletedAt === null)

  if (step.what === 'start') await backups.start(newBackup({ source: step.source, type: step.type, startedAt: at }))
  if (step.what === 'adopt') {
    await backups.adopt(
      manifestOf({ id: step.pick % 100 + 1, source: step.source, type: step.type, startedAt: at }, { object }),
      {
        key: `k${step.pick}`,
        copy: localCopy('p'),
        hasLanded: true,
        trashedAt: null,
        neverDeleted: false,
        foreignInstance: null
      }
    )
  }
  if (running !== undefined && step.what === 'complete') {
    await backups.complete(running.id, {
      manifest: manifestOf(running, { object, completedAt: at.toISOString() }),
      filePath: 'p',
      verification: null,
      copies: [localCopy('p')]
    })
  }
  if (running !== undefined && step.what === 'fail') {
    await backups.fail(running.id, { code: 'DISK_FULL', message: 'full', failedAt: at })
  }
  if (running !== undefined && step.what === 'cancel') {
    await backups.fail(running.id, { code: 'CANCELLED', message: 'cancelled', failedAt: at })
  }
  if (running !== undefined && step.what === 'keep') {
    await backups.fail(running.id, {
      code: 'VERIFICATION_FAILED',
      message: 'no',
      failedAt: at,
      verification: INVALID,
      kept: { key: 'q', filePath: 'q', size: step.size }
    })
  }
  if (live !== undefined && step.what === 'trash') await backups.trash(live.id, 'k', 'p', at)
  if (live !== undefined && step.what === 'verify') await backups.recordVerification(live.id, VALID, at)
  if (live !== undefined && step.what === 'doubt') await backups.recordVerification(live.id, INVALID, at)
  if (trashed !== undefined && step.what === 'undelete') await backups.undelete(trashed.id, 'k', 'p')
  if (removable !== undefined && step.what === 'remove') await backups.remove(removable.id, at)
}

/** Every row there is, also those that no list tells: the ids are few. */
async function everything (catalog: OpenedCatalog): Promise<Backup[]> {
  const settled = await Promise.allSettled(Array.from({ length: 150 }, (_, index) => catalog.backups.get(index + 1)))
  return settled.flatMap(each => each.status === 'fulfilled' ? [each.value] : [])
}

function recount (rows: readonly Backup[]): Statistics {
  const live = rows.filter(isLive)
  return {
    totalBackups: live.length,
    totalSize: live.reduce((total, backup) => total + backup.size!, 0),
    oldestBackup: earliest(live.map(backup => backup.startedAt)),
    newestBackup: latest(live.map(backup => backup.startedAt)),
    failedBackups: rows.filter(isFailure).length,
    sources: [...new Set(rows.map(backup => backup.source))].toSorted().map(source =>
      recountSource(source, rows.filter(backup => backup.source === source))
    )
  }
}

function isFailure ({ status, errorCode }: Backup): boolean {
  return status === 'failed' && errorCode !== 'CANCELLED'
}

function recountSource (source: string, rows: readonly Backup[]): SourceStatistics {
  const live = rows.filter(isLive)
  return {
    source,
    lastSuccess: latest(rows.filter(backup => backup.status === 'completed').map(backup => backup.completedAt)),
    lastFailure: latest(rows.filter(isFailure).map(backup => backup.completedAt)),
    lastVerified: latest(
      rows.filter(backup => backup.verification.status === 'valid').map(backup => backup.verification.checkedAt)
    ),
    lastScheduled: latest(rows.filter(backup => backup.type === 'scheduled').map(backup => backup.startedAt)),
    lastProven: null,
    restoreTime: null,
    newestProven: latest(live.filter(backup => backup.verification.status === 'valid').map(backup => backup.startedAt)),
    oldest: earliest(live.map(backup => backup.startedAt)),
    newest: latest(live.map(backup => backup.startedAt)),
    count: live.length,
    size: live.reduce((total, backup) => total + backup.size!, 0)
  }
}

function latest (times: readonly (Date | null)[]): Date | null {
  return times.toSorted((a, b) => Number(b) - Number(a))[0] ?? null
}

function earliest (times: readonly Date[]): Date | null {
  return times.toSorted((a, b) => Number(a) - Number(b))[0] ?? null
}
