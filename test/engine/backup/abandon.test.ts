import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError, type ErrorCode } from '../../../src/core/errors.ts'
import { housekeep } from '../../../src/engine/recovery/housekeep.ts'
import type { Fault } from '../../support/faults.ts'
import { filesOf, testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'

const DIED = new BackupError('STORE_FAILED', 'the disk died')
const BUSY = new BackupError('CATALOG_BUSY', 'another process holds it')

/** The row of the first backup, and what of it is in the store. */
async function left ({ engine, files }: TestEngine): Promise<
  { readonly status: string, readonly code: ErrorCode | null, readonly files: readonly string[] }
> {
  const { status, errorCode } = await engine.backup(1)
  return { status, code: errorCode, files: files() }
}

const steps: ReadonlyArray<readonly [string, string, Fault]> = [
  ['the probe', 'source.probe', { error: DIED }],
  ['the look at the free space', 'store.space', { error: DIED }],
  ['the look at the scratch space', 'scratch.space', { error: DIED }],
  ['the snapshot', 'source.snapshot', { error: DIED }],
  ['the put of the object', 'store.put', { error: DIED, on: /db$/ }],
  ['the body of the object', 'store.put', { error: DIED, on: /db$/, when: 5000 }],
  ['the put of the object, its answer lost', 'store.put', { error: DIED, on: /db$/, when: 'after' }],
  ['the inspection', 'inspector.inspect', { error: DIED }],
  ['the reading of the object', 'store.get', { error: DIED }],
  ['the put of the manifest', 'store.put', { error: DIED, on: /json$/ }],
  ['the put of the manifest, its answer lost', 'store.put', { error: DIED, on: /json$/, when: 'after' }]
]
for (const [what, method, fault] of steps) {
  test(`where ${what} fails the row says so, and nothing is left in the store`, async t => {
    const bench = await testEngine(t)
    bench.faults.fail(method, fault)
    await rejectsWith('STORE_FAILED', bench.create())
    assert.deepEqual(await left(bench), { status: 'failed', code: 'STORE_FAILED', files: [] })
    assert.deepEqual(bench.events.flatMap(event => event.type === 'operation.failed' ? [event.operation] : []), [
      'create'
    ])
    assert.equal((await bench.engine.job(1)).errorCode, 'STORE_FAILED')
    assert.equal((await bench.create()).status, 'completed')
  })
}

test('where the look for a free name fails there is no row at all', async t => {
  const bench = await testEngine(t)
  bench.faults.fail('store.stat', { error: DIED })
  await rejectsWith('STORE_FAILED', bench.create())
  await rejectsWith('BACKUP_NOT_FOUND', bench.engine.backup(1))
})

test('where the row cannot be begun there is no row, and nothing in the store', async t => {
  const bench = await testEngine(t)
  bench.faults.fail('backups.start', { error: BUSY })
  await rejectsWith('CATALOG_BUSY', bench.create())
  await rejectsWith('BACKUP_NOT_FOUND', bench.engine.backup(1))
  assert.deepEqual(bench.files(), [])
})

test('an error that is none of ours is INTERNAL', async t => {
  const bench = await testEngine(t)
  bench.faults.fail('source.probe', { error: new TypeError('x is undefined') })
  assert.equal((await rejectsWith('INTERNAL', bench.create())).message, 'x is undefined')
  assert.deepEqual(await left(bench), { status: 'failed', code: 'INTERNAL', files: [] })
})

test('a backup whose row cannot be completed stays whole, and housekeeping completes it', async t => {
  const bench = await testEngine(t)
  bench.faults.fail('backups.complete', { error: BUSY })
  await rejectsWith('CATALOG_BUSY', bench.create())
  const row = await bench.engine.backup(1)
  assert.deepEqual([row.status, bench.files()], ['in_progress', filesOf(row)])
  await housekeep(bench.deps)
  const backup = await bench.engine.backup(1)
  assert.deepEqual([backup.status, backup.verification.status, backup.size], [
    'completed',
    'valid',
    bench.source.bytes.length
  ])
  assert.equal((await (await bench.engine.verify(1)).result).verification.valid, true)
})

test('housekeeping leaves a backup that is being made alone', async t => {
  const bench = await testEngine(t)
  bench.faults.meanwhile('source.snapshot', async () => {
    await housekeep(bench.deps)
  })
  assert.equal((await bench.create()).status, 'completed')
})

test('a failure that cannot be recorded is told as what it is, and is recorded by housekeeping', async t => {
  const bench = await testEngine(t)
  bench.faults.fail('source.snapshot', { error: DIED })
  bench.faults.fail('backups.fail', { error: BUSY })
  await rejectsWith('STORE_FAILED', bench.create())
  assert.equal((await left(bench)).status, 'in_progress')
  await housekeep(bench.deps)
  assert.deepEqual(await left(bench), { status: 'failed', code: 'INTERRUPTED', files: [] })
})

test('leavings that cannot be removed at once are removed by housekeeping', async t => {
  const bench = await testEngine(t)
  bench.faults.fail('inspector.inspect', { error: new BackupError('SOURCE_FAILED', 'no child') })
  bench.faults.fail('store.remove', { error: DIED })
  await rejectsWith('SOURCE_FAILED', bench.create())
  assert.deepEqual([(await left(bench)).status, bench.files().length], ['in_progress', 1])
  await housekeep(bench.deps)
  assert.deepEqual([(await left(bench)).status, bench.files()], ['failed', []])
})
