import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import type { Space } from '../../../src/core/ports/store.ts'
import { testEngine, type TestEngine, type TestEngineOptions } from '../../support/engine/engine.ts'
import { testOffsite } from '../../support/stores/offsite.ts'
import { rejectsWith } from '../../support/rejects.ts'

const SIZE = 100_000

/** An engine whose disks have so many bytes free; the image has 100,000. */
async function withSpace (
  t: TestContext,
  free: { store: number | undefined, scratch: number },
  options: TestEngineOptions = {}
): Promise<TestEngine> {
  const bench = await testEngine(t, options)
  const space = (bytes: number): Space => ({ free: bytes, total: 1e9 })
  bench.deps.store.space = async () => free.store === undefined ? undefined : space(free.store)
  bench.deps.scratch.space = async () => space(free.scratch)
  return bench
}

test('a backup that fits to the byte is made', async t => {
  const { create } = await withSpace(t, { store: SIZE, scratch: 0 })
  assert.equal((await create()).status, 'completed')
})

test('one byte too little is DISK_FULL before anything is read, and nothing older is touched', async t => {
  const free = { store: SIZE, scratch: 0 }
  const { engine, source, create, files } = await withSpace(t, free, { settings: { maxBackups: 1 } })
  await create()
  const before = files()
  free.store = SIZE - 1
  source.snapshot = async () => assert.fail('it was read')
  const error = await rejectsWith('DISK_FULL', create())
  assert.equal(error.message, 'the backup store has 99999 bytes free; the backup needs 100000, and 0 must stay free')
  assert.match(error.hint ?? '', /DISK_RESERVE_BYTES/)
  assert.deepEqual([files(), (await engine.backup(2)).errorCode], [before, 'DISK_FULL'])
})

test('the reserve stays free', async t => {
  const { create } = await withSpace(t, { store: SIZE + 4999, scratch: 0 }, { diskReserve: 5000 })
  const error = await rejectsWith('DISK_FULL', create())
  assert.match(error.message, /5000 must stay free/)
})

test('on one disk what the scratch directory needs is counted with the object', async t => {
  const free = { store: SIZE + 29_999, scratch: 0 }
  const { source, create } = await withSpace(t, free)
  source.scratch = 30_000
  await rejectsWith('DISK_FULL', create())
  free.store = SIZE + 30_000
  assert.equal((await create()).status, 'completed')
})

test('on two disks each has its own, and the message says which one is full', async t => {
  const free = { store: SIZE, scratch: 29_999 }
  const { source, deps, create } = await withSpace(t, free, { isScratchOnStoreDisk: false })
  source.scratch = 30_000
  const error = await rejectsWith('DISK_FULL', create())
  assert.ok(error.message.includes(deps.scratch.directory))
  free.scratch = 30_000
  assert.equal((await create()).status, 'completed')
})

test('where the scratch directory is not needed it may be full', async t => {
  const { create } = await withSpace(t, { store: SIZE, scratch: 0 }, { isScratchOnStoreDisk: false, diskReserve: 0 })
  assert.equal((await create()).status, 'completed')
})

test('a compressed backup that is verified needs room for its plain image', async t => {
  const free = { store: SIZE, scratch: SIZE - 1 }
  const { create } = await withSpace(t, free, { isScratchOnStoreDisk: false })
  await rejectsWith('DISK_FULL', create({ compression: 'gzip' }))
  assert.equal((await create({ compression: 'gzip', verify: false })).status, 'completed')
  free.scratch = SIZE
  assert.equal((await create({ compression: 'gzip' })).status, 'completed')
})

test('the first compressed backup is expected to be as large as the image, the next a quarter larger than the last', async t => {
  const free = { store: SIZE - 1, scratch: SIZE }
  const { create } = await withSpace(t, free, { isScratchOnStoreDisk: false })
  await rejectsWith('DISK_FULL', create({ compression: 'zstd' }))
  free.store = SIZE
  const { size } = await create({ compression: 'zstd' })
  free.store = Math.ceil(size! * 1.25)
  assert.equal((await create({ compression: 'zstd' })).status, 'completed')
  free.store--
  await rejectsWith('DISK_FULL', create({ compression: 'zstd' }))
  await rejectsWith('DISK_FULL', create({ compression: 'gzip' }))
})

test('an empty image tells nothing about the next', async t => {
  const free = { store: SIZE, scratch: SIZE }
  const { source, create } = await withSpace(t, free, { isScratchOnStoreDisk: false })
  const { bytes } = source
  source.bytes = Buffer.alloc(0)
  await create({ compression: 'gzip' })
  source.bytes = bytes
  free.store = SIZE - 1
  await rejectsWith('DISK_FULL', create({ compression: 'gzip' }))
})

test('a store that knows no bound is never full', async t => {
  const { create } = await withSpace(t, { store: undefined, scratch: 0 }, { isScratchOnStoreDisk: false })
  assert.equal((await create()).status, 'completed')
})

interface Trashed extends TestEngine {
  readonly free: { store: number, scratch: number }
}

/**
 * Three backups in the trash, the first for the longest, on a disk that has `store` bytes free and gets back what is
 * removed.
 */
async function withTrash (
  t: TestContext,
  store: number,
  diskReserve = 0,
  options: TestEngineOptions = {}
): Promise<Trashed> {
  const free = { store: 1e9, scratch: 0 }
  const bench = await withSpace(t, free, { diskReserve, ...options })
  await bench.create()
  for (let n = 0; n < 3; n++) {
    const { id } = await bench.create()
    if (bench.deps.offsite.size > 0) await (await bench.engine.upload(id, {})).result
    bench.clock.move(1000)
    await (await bench.engine.remove(id, { force: true })).result
  }
  free.store = store
  const { remove } = bench.deps.store
  bench.deps.store.remove = async (key, signal) => {
    if (key.startsWith('trash/') && key.endsWith('.db')) free.store += SIZE
    await remove.call(bench.deps.store, key, signal)
  }
  return { ...bench, free }
}

const gone = async ({ engine }: TestEngine): Promise<readonly number[]> =>
  (await Promise.all([2, 3, 4].map(id => engine.backup(id)))).filter(({ deletedAt }) => deletedAt !== null).map(
    ({ id }) => id
  )

test('the trash gives way before a backup fails for want of space, the oldest first and no more than is needed', async t => {
  const bench = await withTrash(t, SIZE - 1)
  assert.equal((await bench.create()).status, 'completed')
  assert.deepEqual(await gone(bench), [2])
  const reasons = bench.events.flatMap(event => event.type === 'backup.removed' ? [event.reason] : [])
  assert.deepEqual(reasons, ['removed from the trash to make room for a new backup'])
})

test('the new backup names those that gave way for it', async t => {
  const bench = await withTrash(t, SIZE - 1)
  const { removed } = await (await bench.engine.create({ type: 'manual' })).result
  assert.deepEqual(removed.map(({ backup, removal, reasons }) => [backup.id, removal, reasons]), [[2, 'erase', [
    'removed from the trash to make room for a new backup'
  ]]])
})

test('where all of the trash is not enough the backup fails, and none of the trash is removed', async t => {
  const bench = await withTrash(t, -2 * SIZE - 1)
  await rejectsWith('DISK_FULL', bench.create())
  assert.deepEqual(await gone(bench), [])
  bench.free.store++
  assert.equal((await bench.create()).status, 'completed')
  assert.deepEqual(await gone(bench), [2, 3, 4])
})

test('a backup that gives way stays in the other stores that have it, and comes back from there', async t => {
  const far = await testOffsite(t, { far: {} })
  const bench = await withTrash(t, SIZE - 1, 0, { offsite: far.offsite })
  await bench.create()
  const backup = await bench.engine.backup(2)
  assert.deepEqual(backup.copies.map(({ store, status }) => [store, status]), [['far', 'stored']])
  assert.deepEqual(await gone(bench), [])
  assert.equal(backup.deletedAt, null)
  assert.deepEqual(bench.events.flatMap(event => event.type === 'backup.evicted' ? [event.backup.id] : []), [2])
  await (await bench.engine.undelete(2)).result
  assert.equal((await (await bench.engine.verify(2)).result).verification.valid, true)
})

test('what was good before a suspect does not give way', async t => {
  const bench = await withTrash(t, SIZE - 1)
  const existing = bench.deps.catalog.backups.existing.bind(bench.deps.catalog.backups)
  bench.deps.catalog.backups.existing = async source =>
    (await existing(source)).map(outline => ({
      ...outline,
      startedAt: bench.clock.now(),
      suspicion: { reasons: ['rows fell'], releasedAt: null, releasedBy: null }
    }))
  await rejectsWith('DISK_FULL', bench.create())
  assert.deepEqual(await gone(bench), [])
})

test('it gives way for the reserve, too', async t => {
  const bench = await withTrash(t, SIZE, 1)
  await bench.create()
  assert.deepEqual(await gone(bench), [2])
})

test('with room enough the trash stays', async t => {
  const bench = await withTrash(t, SIZE)
  await bench.create()
  assert.deepEqual(await gone(bench), [])
})

test('what another job is at work on does not give way', async t => {
  const bench = await withTrash(t, SIZE - 1)
  const lock = await bench.deps.runner.locks.lock(['backup:2'])
  await bench.create()
  await lock.release()
  assert.deepEqual(await gone(bench), [3])
})

test('what cannot be removed is told, and the next one gives way in its place', async t => {
  const bench = await withTrash(t, SIZE - 1)
  bench.faults.fail('backups.remove', { error: new BackupError('CATALOG_BUSY', 'another process holds it') })
  await bench.create()
  assert.deepEqual(await gone(bench), [3])
  assert.deepEqual(
    bench.events.flatMap(event => event.type === 'operation.failed' ? [[event.operation, event.code]] : []),
    [['make-room', 'CATALOG_BUSY']]
  )
})

test('a disk that fills up halfway makes the trash give way as far as an image needs, and the backup is tried once more', async t => {
  const bench = await withTrash(t, SIZE)
  bench.faults.fail('store.put', { error: new BackupError('DISK_FULL', 'no room left'), when: 5000 })
  assert.equal((await bench.create()).status, 'completed')
  assert.deepEqual(await gone(bench), [2])
})

test('a scratch disk of its own that fills up makes nothing give way', async t => {
  const bench = await withTrash(t, SIZE, 0, { isScratchOnStoreDisk: false })
  bench.free.scratch = 1e9
  bench.faults.fail('source.snapshot', { error: new BackupError('DISK_FULL', 'no room left') })
  await rejectsWith('DISK_FULL', bench.create())
  assert.deepEqual(await gone(bench), [])
})
