import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { STORED_CHECKS } from '../../../src/core/ports/verification.ts'
import { memoryInspector } from '../../support/sources/memory-source.ts'
import { filesOf, testEngine } from '../../support/engine/engine.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { brokenBody, digestOf, until } from '../../support/streams.ts'

for (const compression of ['gzip', 'zstd'] as const) {
  test(`a ${compression} backup is named for it, is smaller, and is verified to the end`, async t => {
    const { deps, source, create, files } = await testEngine(t)
    const backup = await create({ compression })
    assert.equal(backup.key, `shop-backup-2025-11-24T23-30-01.db${deps.codecs[compression]!.extension}`)
    assert.deepEqual(files(), filesOf(backup))
    assert.ok(backup.size! < source.bytes.length / 2)
    assert.deepEqual([backup.originalSize, backup.originalChecksum], [
      source.bytes.length,
      digestOf(source.bytes).sha256
    ])
    assert.equal(backup.verification.checks.find(({ name }) => name === 'decompression')?.status, 'pass')
  })
}

test('a backup is verified before it counts, and every level is told', async t => {
  const { create, events } = await testEngine(t)
  const { verification } = await create()
  assert.equal(verification.status, 'valid')
  assert.deepEqual(verification.checks.map(({ name }) => name), [
    ...STORED_CHECKS,
    ...memoryInspector.checks.map(({ name }) => name)
  ])
  const order = events.map(({ type }) => type).filter(type => type !== 'job.updated')
  assert.deepEqual(order, ['backup.started', 'verification.finished', 'backup.completed'])
})

test('a backup that is not to be verified is not, and its manifest does not claim it', async t => {
  const { deps, create } = await testEngine(t, { settings: { verifyAfterBackup: false } })
  const backup = await create()
  assert.deepEqual([backup.status, backup.verification.status], ['completed', 'unverified'])
  assert.equal((await deps.catalog.backups.manifest(backup.id))?.verifiedAt, null)
  assert.equal((await create({ verify: true })).verification.status, 'valid')
})

test('the job of a backup tells its phases, its progress and its backup', async t => {
  const { engine, source, create, events } = await testEngine(t)
  const backup = await create()
  const jobs = events.flatMap(event => event.type === 'job.updated' ? [event.job] : [])
  const phases = jobs.map(({ progress }) => progress.phase).filter((phase, n, all) => phase !== all[n - 1])
  assert.deepEqual(phases, ['waiting', 'probing', 'storing', 'verifying', 'recording', 'rotating', 'done'])
  assert.equal(jobs.find(({ progress }) => progress.phase === 'storing')?.progress.bytesTotal, source.bytes.length)
  const job = await engine.job(jobs[0]!.id)
  assert.deepEqual([job.status, job.backupId, job.source, job.kind], ['succeeded', backup.id, 'shop', 'create'])
})

test('two backups within one second have different names', async t => {
  const { engine, files } = await testEngine(t)
  const first = await (await engine.create({ type: 'manual' })).result
  const second = await (await engine.create({ type: 'manual' })).result
  assert.deepEqual([first.key, second.key], [
    'shop-backup-2025-11-24T23-30-00.db',
    'shop-backup-2025-11-24T23-30-00-2.db'
  ])
  assert.deepEqual(files(), filesOf(first, second))
})

test('the name of a backup that is in the trash is not given again within its second', async t => {
  const { engine, files } = await testEngine(t)
  const first = await (await engine.create({ type: 'manual' })).result
  const trashed = await (await engine.remove(first.id, { force: true })).result
  const second = await (await engine.create({ type: 'manual' })).result
  const trashedToo = await (await engine.remove(second.id, { force: true })).result
  assert.deepEqual(files(), filesOf(trashed, trashedToo))
})

test('a source that is busy is BACKUP_IN_PROGRESS, with the job in the way', async t => {
  const { engine, faults } = await testEngine(t)
  const pause = faults.pause('source.probe')
  const { job, result } = await engine.create({ type: 'manual' })
  const error = await rejectsWith('BACKUP_IN_PROGRESS', engine.create({ type: 'manual' }))
  assert.deepEqual(error.details, { jobId: job.id })
  pause.go()
  await result
  await (await engine.create({ type: 'manual' })).result
})

test('another source is backed up meanwhile', async t => {
  const { engine, faults } = await testEngine(t, { sources: [new MemorySource('shop'), new MemorySource('bank')] })
  const pause = faults.pause('source.probe')
  const { result } = await engine.create({ source: 'shop', type: 'manual' })
  await pause.reached
  assert.equal((await (await engine.create({ source: 'bank', type: 'manual' })).result).source, 'bank')
  pause.go()
  assert.equal((await result).source, 'shop')
})

test('an unknown source is SOURCE_NOT_FOUND, and the hint names those that there are', async t => {
  const { engine } = await testEngine(t)
  const error = await rejectsWith('SOURCE_NOT_FOUND', engine.create({ source: 'attic', type: 'manual' }))
  assert.match(error.hint ?? '', /"shop"/)
})

test('a method that the source does not have is METHOD_UNSUPPORTED', async t => {
  const { engine } = await testEngine(t)
  await rejectsWith('METHOD_UNSUPPORTED', engine.create({ type: 'manual', method: 'incremental' }))
  assert.equal((await (await engine.create({ type: 'manual', method: 'full' })).result).method, 'full')
})

test('the policy of the source holds unless the request says otherwise', async t => {
  const { create } = await testEngine(t, { policies: { shop: { compression: 'gzip', verify: false } } })
  const byPolicy = await create()
  const byRequest = await create({ compression: 'none', verify: true, type: 'scheduled', schedule: 'daily' })
  assert.deepEqual([byPolicy.compression, byPolicy.verification.status], ['gzip', 'unverified'])
  assert.deepEqual([byRequest.compression, byRequest.verification.status, byRequest.type, byRequest.schedule], [
    'none',
    'valid',
    'scheduled',
    'daily'
  ])
})

test('the snapshot is closed, whether it went well or not', async t => {
  const { source, create, faults } = await testEngine(t)
  await create()
  assert.equal(source.closed, 1)
  faults.fail('store.put', { error: new BackupError('STORE_FAILED', 'the store died') })
  await rejectsWith('STORE_FAILED', create())
  assert.equal(source.closed, 2)
})

test('an image that dies at its very end leaves nothing but a row that says why', async t => {
  const { engine, source, create, files } = await testEngine(t)
  const error = new BackupError('SOURCE_REPLACED', 'the database was replaced')
  source.image = () => brokenBody(source.bytes, error)
  assert.equal(await create().catch((thrown: unknown) => thrown), error)
  const row = await engine.backup(1)
  assert.deepEqual([row.status, row.errorCode, row.errorMessage, row.size], [
    'failed',
    'SOURCE_REPLACED',
    'the database was replaced',
    null
  ])
  assert.deepEqual(files(), [])
})

test('a thousand names taken within one second are the end', async t => {
  const { engine, deps } = await testEngine(t)
  const taken = deps.store.stat
  deps.store.stat = async key => ({ key, size: 1, modifiedAt: new Date(0) })
  await rejectsWith('OBJECT_EXISTS', (await engine.create({ type: 'manual' })).result)
  deps.store.stat = taken
  await until(async () => (await engine.job(1)).status === 'failed')
})
