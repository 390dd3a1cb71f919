import assert from 'node:assert/strict'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileName } from '../../../src/core/backup/object-key.ts'
import { BackupError } from '../../../src/core/errors.ts'
import type { Restore } from '../../../src/core/restore/restore.ts'
import { inSize } from '../../../src/core/size.ts'
import type { RestoreRequest } from '../../../src/engine/restore/restore-plan.ts'
import { housekeep } from '../../../src/engine/recovery/housekeep.ts'
import { testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { tempDir } from '../../support/temp-dir.ts'

const DIED = new BackupError('SOURCE_FAILED', 'the child died')
const OLD = Buffer.from('what the backup has')
const NEW = Buffer.from('what stands there now')

/** A backup of `OLD`, and a source that has `NEW` since. */
async function changed (bench: TestEngine, compression: 'none' | 'zstd' = 'zstd'): Promise<number> {
  bench.source.bytes = OLD
  const { id } = await bench.create({ compression })
  bench.source.bytes = NEW
  return id
}

async function restore ({ engine }: TestEngine, id: number, request: RestoreRequest = {}): Promise<Restore> {
  return await (await engine.restore(id, request)).result
}

async function rows ({ engine }: TestEngine): Promise<readonly Restore[]> {
  return (await engine.restores({ limit: 10 })).restores
}

for (const compression of ['none', 'zstd'] as const) {
  test(`a restore of a backup with the compression ${compression} brings its content back, and the undo what stood there before`, async t => {
    const bench = await testEngine(t)
    const done = await restore(bench, await changed(bench, compression), { actor: 'eve' })
    assert.deepEqual(bench.source.bytes, OLD)
    const safety = await bench.engine.backup(done.safetyBackupId ?? 0)
    assert.deepEqual([safety.type, safety.verification.status, safety.description], [
      'pre-migration',
      'valid',
      'before the restore of backup 1'
    ])
    assert.deepEqual([done.status, done.mode, done.target, done.bytes, done.actor, done.aside], [
      'completed',
      'live',
      '/memory/shop',
      OLD.length,
      'eve',
      null
    ])
    assert.deepEqual(await rows(bench), [done])
    assert.ok(bench.events.some(event => event.type === 'restore.completed' && event.restore.id === done.id))

    const undone = await restore(bench, safety.id)
    assert.deepEqual(bench.source.bytes, NEW)
    assert.equal((await bench.engine.backup(undone.safetyBackupId ?? 0)).originalSize, OLD.length)
  })
}

test('the job of a restore is about the backup that is restored, and tells its phases', async t => {
  const bench = await testEngine(t)
  const id = await changed(bench)
  const work = await bench.engine.restore(id, {})
  await work.result
  const job = await bench.engine.job(work.job.id)
  assert.deepEqual([job.kind, job.backupId, job.status], ['restore', id, 'succeeded'])
  const phases = bench.events.flatMap(event =>
    event.type === 'job.updated' && event.job.id === job.id ? [event.job.progress.phase] : []
  )
  assert.deepEqual(
    phases.filter((phase, at) => phase !== phases[at - 1]).filter(phase =>
      ['probing', 'verifying', 'storing', 'unpacking', 'restoring'].includes(phase)
    ),
    ['probing', 'verifying', 'probing', 'storing', 'verifying', 'unpacking', 'restoring']
  )
})

test('a backup that is damaged is not restored, and nothing is touched', async t => {
  const bench = await testEngine(t)
  const id = await changed(bench, 'none')
  const { key } = await bench.engine.backup(id)
  writeFileSync(join(bench.directory, key), 'what the backup hat')
  const error = await rejectsWith('BACKUP_INVALID', restore(bench, id))
  assert.equal(error.details, undefined)
  await rejectsWith('CHECKSUM_MISMATCH', restore(bench, id, { verify: false }))
  assert.deepEqual(bench.source.bytes, NEW)
  assert.deepEqual(
    (await rows(bench)).map(({ status, errorCode, safetyBackupId }) => [status, errorCode, safetyBackupId]),
    [['failed', 'CHECKSUM_MISMATCH', null], ['failed', 'BACKUP_INVALID', null]]
  )
  assert.equal((await bench.engine.backups({ limit: 10 })).count, 1)
})

test('what stands in the way is found before anything is begun', async t => {
  const bench = await testEngine(t)
  const id = await changed(bench)
  bench.faults.fail('restorer.check', { error: new BackupError('RESTORE_PAGE_SIZE', 'other pages') })
  await rejectsWith('RESTORE_PAGE_SIZE', restore(bench, id))
  assert.deepEqual([await rows(bench), bench.source.bytes], [[], NEW])
})

test('without a backup of what stands there nothing is restored', async t => {
  const bench = await testEngine(t)
  const id = await changed(bench)
  bench.faults.fail('source.snapshot', { error: new BackupError('SOURCE_MALFORMED', 'it is damaged') })
  await rejectsWith('SOURCE_MALFORMED', restore(bench, id))
  assert.deepEqual(bench.source.bytes, NEW)
})

test('a restore that fails leaves what stood there, says so, and names the backup that has its state', async t => {
  const bench = await testEngine(t)
  const id = await changed(bench)
  bench.faults.fail('restorer.place', { error: DIED })
  const error = await rejectsWith('SOURCE_FAILED', restore(bench, id))
  assert.deepEqual([error.message, error.details], [DIED.message, { safetyBackupId: 2 }])
  assert.deepEqual(bench.source.bytes, NEW)
  const [row] = await rows(bench)
  assert.deepEqual([row?.status, row?.errorCode, row?.safetyBackupId, row?.aside], ['failed', 'SOURCE_FAILED', 2, null])
  assert.ok(bench.events.some(event => event.type === 'restore.failed' && event.code === 'SOURCE_FAILED'))
})

test('a restore that cannot be recorded says that the content is in place all the same', async t => {
  const bench = await testEngine(t)
  const id = await changed(bench)
  bench.faults.fail('restores.complete', { error: new BackupError('CATALOG_FAILED', 'the disk died') })
  assert.match(
    (await rejectsWith('CATALOG_FAILED', restore(bench, id))).message,
    /^the backup was restored, but the result could not be recorded/
  )
  assert.deepEqual(bench.source.bytes, OLD)
})

test('cancelled, a restore leaves what stood there', async t => {
  const bench = await testEngine(t)
  const id = await changed(bench)
  const pause = bench.faults.pause('restorer.place')
  const work = await bench.engine.restore(id, {})
  await pause.reached
  const cancelled = bench.engine.cancel(work.job.id)
  pause.go()
  assert.equal((await cancelled).status, 'cancelled')
  await rejectsWith('CANCELLED', work.result)
  assert.deepEqual([bench.source.bytes, (await rows(bench))[0]?.errorCode], [NEW, 'CANCELLED'])
})

test('the backup that is being restored cannot go away meanwhile', async t => {
  const bench = await testEngine(t)
  const id = await changed(bench)
  bench.faults.meanwhile('restorer.place', async () => {
    await rejectsWith('BACKUP_BUSY', bench.engine.remove(id, { force: true }))
  })
  await restore(bench, id)
  assert.deepEqual(bench.source.bytes, OLD)
})

test('while a source is restored no backup is made of it, and while one is made it is not restored', async t => {
  const bench = await testEngine(t)
  const id = await changed(bench)
  const placing = bench.faults.pause('restorer.place')
  const work = await bench.engine.restore(id, {})
  await placing.reached
  await rejectsWith('BACKUP_IN_PROGRESS', bench.create())
  placing.go()
  await work.result

  const taking = bench.faults.pause('source.snapshot')
  const making = bench.create()
  await taking.reached
  await rejectsWith('BACKUP_IN_PROGRESS', bench.engine.restore(id, {}))
  taking.go()
  await making
})

test('to another path nothing is secured, and what is there gives way only where that is said', async t => {
  const bench = await testEngine(t)
  const id = await changed(bench)
  const done = await restore(bench, id, { target: '/elsewhere/copy.db' })
  assert.deepEqual(
    [done.mode, done.safetyBackupId, bench.source.bytes, bench.restorer.files.get('/elsewhere/copy.db')],
    ['file', null, NEW, OLD]
  )
  await rejectsWith('RESTORE_TARGET_EXISTS', restore(bench, id, { target: '/elsewhere/copy.db' }))
  await restore(bench, id, { target: '/elsewhere/copy.db', overwrite: true })
  assert.equal((await bench.engine.backups({ limit: 10 })).count, 1)
})

test('nothing is restored over what is ours or over a source by its path, also by other names of it', async t => {
  const bench = await testEngine(t)
  const id = await changed(bench)
  const link = join(tempDir(t), 'link')
  symlinkSync(bench.directory, link)
  for (
    const target of [
      bench.catalogPath,
      `${bench.catalogPath}-wal`,
      join(bench.directory, 'new.db'),
      join(link, 'new.db'),
      '/memory/shop',
      '/memory/shop-wal',
      '/memory/x/../shop'
    ]
  ) {
    await rejectsWith('RESTORE_TARGET_INVALID', bench.engine.restore(id, { target, overwrite: true }))
  }
  await rejectsWith('VALIDATION_FAILED', bench.engine.restore(id, { target: 'copy.db' }))
  await rejectsWith('VALIDATION_FAILED', bench.engine.restore(id, { target: '/elsewhere/copy.db', mode: 'replace' }))
})

test('a source that is no longer configured can be restored to a path alone', async t => {
  const directory = tempDir(t)
  const before = await testEngine(t, { directory })
  const id = await changed(before)
  const bench = await testEngine(t, { directory, sources: [new MemorySource('bank')] })
  await (await bench.engine.rebuild()).result
  assert.match((await rejectsWith('SOURCE_NOT_FOUND', bench.engine.restore(id, {}))).message, /"shop"/)
  await restore(bench, id, { target: '/elsewhere/copy.db' })
  assert.deepEqual(bench.restorer.files.get('/elsewhere/copy.db'), OLD)
})

test('a replaced file goes where a proven backup has it, and stays where it could not be backed up', async t => {
  const bench = await testEngine(t)
  const id = await changed(bench)
  assert.deepEqual([(await restore(bench, id, { mode: 'replace' })).aside, [...bench.restorer.files]], [null, []])
  bench.source.bytes = NEW
  bench.faults.fail('source.snapshot', { error: new BackupError('SOURCE_MALFORMED', 'it is damaged') })
  const done = await restore(bench, id, { mode: 'replace' })
  assert.equal(done.safetyBackupId, null)
  assert.deepEqual(bench.restorer.files.get(done.aside ?? ''), NEW)
  bench.faults.fail('source.snapshot', { error: new BackupError('SOURCE_LOCKED', 'it is held') })
  await rejectsWith('SOURCE_LOCKED', restore(bench, id, { mode: 'replace' }))
})

test('where the database is gone a new file takes its place, unless another way was asked for', async t => {
  const bench = await testEngine(t)
  const id = await changed(bench)
  const gone = new BackupError('SOURCE_MISSING', 'it is gone')
  bench.faults.fail('restorer.check', { error: gone })
  await rejectsWith('SOURCE_MISSING', restore(bench, id, { mode: 'live' }))
  bench.faults.fail('restorer.check', { error: gone })
  bench.faults.fail('source.probe', { error: gone })
  const done = await restore(bench, id)
  assert.deepEqual([done.mode, done.safetyBackupId, bench.source.bytes], ['replace', null, OLD])
})

test('a backup in the trash can be restored, one that was removed for good cannot', async t => {
  const bench = await testEngine(t)
  const id = await changed(bench)
  await (await bench.engine.remove(id, { force: true })).result
  await restore(bench, id)
  assert.deepEqual(bench.source.bytes, OLD)
  bench.clock.move(2 * 86_400_000)
  await housekeep(bench.deps)
  await rejectsWith('BACKUP_DELETED', bench.engine.restore(id, {}))
})

test('backups that were removed to make room for the safety backup are in the warnings of the restore', async t => {
  const bench = await testEngine(t)
  const id = await changed(bench, 'none')
  const trashed = await bench.create({ compression: 'none' })
  await (await bench.engine.remove(trashed.id, { force: true })).result
  const { store } = bench.deps
  store.space = async () => ({ free: NEW.length - 1, total: 1e9 })
  const { remove } = store
  store.remove = async (key, signal) => {
    store.space = async () => ({ free: 1e9, total: 1e9 })
    await remove.call(store, key, signal)
  }
  const { warnings } = await restore(bench, id)
  assert.deepEqual(warnings, [
    `removed to make room for the backup of the previous content: backup 2, ${fileName(trashed.key)}, ${
      inSize(NEW.length)
    }: erased (removed from the trash to make room for a new backup)`
  ])
  assert.deepEqual((await rows(bench))[0]?.warnings, warnings)
})
