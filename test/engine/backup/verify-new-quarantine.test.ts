import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { housekeep } from '../../../src/engine/recovery/housekeep.ts'
import { filesOf, testEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { prose } from '../../support/streams.ts'

/** An image that fails its verification. */
const BAD = Buffer.concat([Buffer.from('BAD'), prose(5000)])

test('a backup that fails its verification is failed, and its object is kept aside without a manifest', async t => {
  const { engine, source, create, files } = await testEngine(t)
  source.bytes = BAD
  const error = await rejectsWith('VERIFICATION_FAILED', create())
  assert.match(error.message, /integrity_check failed \(the bytes say that they are bad\)/)
  const row = await engine.backup(1)
  assert.deepEqual([row.status, row.errorCode, row.key, row.size], [
    'failed',
    'VERIFICATION_FAILED',
    'quarantine/shop-backup-2025-11-24T23-30-01.db',
    BAD.length
  ])
  assert.deepEqual([row.verification.status, row.verification.checks.find(({ status }) => status === 'fail')?.name], [
    'invalid',
    'integrity_check'
  ])
  assert.deepEqual([files(), existsSync(row.filePath)], [[row.key], true])
})

test('nothing older is rotated out because of a backup that failed its verification', async t => {
  const { source, create, files } = await testEngine(t, { settings: { maxBackups: 2 } })
  const good = [await create(), await create()]
  source.bytes = BAD
  await rejectsWith('VERIFICATION_FAILED', create())
  await rejectsWith('VERIFICATION_FAILED', create())
  assert.deepEqual(files().filter(name => !name.startsWith('quarantine/')), filesOf(...good))
})

test('what is kept aside is neither verified, given out, nor removed by hand', async t => {
  const { engine, source, create } = await testEngine(t)
  source.bytes = BAD
  await rejectsWith('VERIFICATION_FAILED', create())
  for (
    const call of [
      engine.verify(1),
      engine.download(1, { decoded: false }),
      engine.remove(1, { force: true }),
      engine.undelete(1),
      engine.edit(1, { pinned: true })
    ]
  ) await rejectsWith('BACKUP_NOT_COMPLETED', call)
})

test('where the object cannot be set aside the failure is told, and nothing of it is left', async t => {
  const { engine, source, faults, create, files } = await testEngine(t)
  source.bytes = BAD
  faults.fail('store.move', { error: new BackupError('STORE_FAILED', 'the disk died') })
  await rejectsWith('STORE_FAILED', create())
  assert.deepEqual([(await engine.backup(1)).errorCode, files()], ['STORE_FAILED', []])
})

test('where the failure cannot be recorded after the object was set aside, housekeeping leaves nothing of it', async t => {
  const { engine, deps, source, faults, create, files } = await testEngine(t)
  source.bytes = BAD
  const error = new BackupError('CATALOG_BUSY', 'another process holds it')
  faults.fail('backups.fail', { error })
  faults.fail('backups.get', { error })
  await rejectsWith('CATALOG_BUSY', create())
  assert.equal((await engine.backup(1)).status, 'in_progress')
  await housekeep(deps)
  assert.deepEqual([(await engine.backup(1)).status, files()], ['failed', []])
})

test('a compressed backup is set aside as it is stored', async t => {
  const { engine, source, create, files } = await testEngine(t)
  source.bytes = BAD
  await rejectsWith('VERIFICATION_FAILED', create({ compression: 'zstd' }))
  assert.deepEqual([(await engine.backup(1)).size! < BAD.length, files()], [true, [
    'quarantine/shop-backup-2025-11-24T23-30-01.db.zst'
  ]])
})
