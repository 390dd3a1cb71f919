import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import type { Restore } from '../../../src/core/restore/restore.ts'
import { housekeep } from '../../../src/engine/recovery/housekeep.ts'
import { reconcile } from '../../../src/engine/recovery/reconcile.ts'
import { settleRestores } from '../../../src/engine/restore/settle-restores.ts'
import { testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'

const OLD = Buffer.from('what the backup has')
const NEW = Buffer.from('what stands there now')

/** A backup of `OLD`, and a source that has `NEW` since. */
async function changed (bench: TestEngine): Promise<number> {
  bench.source.bytes = OLD
  const { id } = await bench.create({ compression: 'zstd' })
  bench.source.bytes = NEW
  return id
}

async function rows ({ engine }: TestEngine): Promise<readonly Restore[]> {
  return (await engine.restores({ limit: 10 })).restores
}

/** Begins restores whose process is gone, each with a name for the old file. */
async function interrupted ({ deps, clock }: TestEngine, backupId: number, ...asides: string[]): Promise<void> {
  for (const aside of asides) {
    await deps.catalog.restores.start({
      kind: 'restore',
      backupId,
      source: 'shop',
      target: '/memory/shop',
      mode: 'replace',
      actor: null,
      startedAt: clock.now(),
      aside
    })
  }
}

test('a restore whose process is gone is decided at the next start: what it left is put right, and the row says so', async t => {
  const bench = await testEngine(t)
  const id = await changed(bench)
  await interrupted(bench, id, '/memory/shop.before-1', '/memory/shop.before-2')
  bench.restorer.files.set('/memory/shop.before-2', NEW)
  await reconcile(bench.deps)
  assert.deepEqual((await rows(bench)).map(({ status, errorCode, aside }) => [status, errorCode, aside]), [[
    'failed',
    'INTERRUPTED',
    '/memory/shop.before-2'
  ], ['failed', 'INTERRUPTED', null]])
})

test('a restore whose folder leads elsewhere stays undecided, hinders neither the start nor another, and is tried again', async t => {
  const bench = await testEngine(t)
  const id = await changed(bench)
  await interrupted(bench, id, '/memory/shop.before-1', '/memory/shop.before-2')
  bench.faults.fail('restorer.settle', { error: new BackupError('RESTORE_TARGET_INVALID', 'it leads elsewhere') })
  await reconcile(bench.deps)
  assert.deepEqual((await rows(bench)).map(({ status }) => status).toSorted(), ['failed', 'running'])
  assert.deepEqual(
    bench.events.flatMap(event => event.type === 'operation.failed' ? [[event.operation, event.code]] : []),
    [['restore', 'RESTORE_TARGET_INVALID']]
  )
  await housekeep(bench.deps)
  assert.deepEqual((await rows(bench)).map(({ status }) => status), ['failed', 'failed'])
})

test('a restore under way is left alone by housekeeping', async t => {
  const bench = await testEngine(t)
  const id = await changed(bench)
  bench.faults.meanwhile('restorer.place', () => housekeep(bench.deps))
  assert.equal((await (await bench.engine.restore(id, {})).result).status, 'completed')
})

test('a drill during which the service ended is inconclusive after the next start', async t => {
  const bench = await testEngine(t)
  const { id } = await bench.create()
  bench.faults.fail('restores.conclude', { error: new BackupError('CATALOG_BUSY', 'another process holds it') })
  await rejectsWith('CATALOG_BUSY', (await bench.engine.drill({ id, actor: 'eve' })).result)
  assert.equal((await bench.engine.restoreById(1)).status, 'running')
  await housekeep(bench.deps)
  const settled = await bench.engine.restoreById(1)
  assert.deepEqual([settled.status, settled.errorCode, settled.report], ['inconclusive', 'INTERRUPTED', null])
  await housekeep(bench.deps)
  assert.equal(bench.events.filter(({ type }) => type === 'drill.finished').length, 1)
})

test('an old file is kept unless a proven backup has what stood there, and the message says whether the backup is in place', async t => {
  const bench = await testEngine(t)
  const id = await changed(bench)
  const [proven, unproven] = [await bench.create(), await bench.create({ verify: false })]
  await interrupted(bench, id, 'aside-1', 'aside-2', 'aside-3')
  await bench.deps.catalog.restores.secured(1, proven.id)
  await bench.deps.catalog.restores.secured(2, unproven.id)
  for (const aside of ['aside-1', 'aside-2']) bench.restorer.files.set(aside, NEW)
  const settled = await settleRestores(bench.deps)
  assert.deepEqual(settled.map(({ aside }) => aside), [null, 'aside-2', null])
  assert.deepEqual([...bench.restorer.files.keys()], ['aside-2'])
  assert.deepEqual(
    settled.map(({ errorMessage }) => /after the backup was restored$/.test(errorMessage ?? '')),
    [true, true, false]
  )
  assert.deepEqual(
    bench.events.flatMap(event => event.type === 'restore.failed' ? [[event.restore.id, event.code]] : []),
    [1, 2, 3].map(one => [one, 'INTERRUPTED'])
  )
  assert.deepEqual(await settleRestores(bench.deps), [])
})
