import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { askedJob } from '../../support/engine/asked-job.ts'
import { testEngine } from '../../support/engine/engine.ts'
import type { LoadedKind } from '../../../src/core/ports/source-kind.ts'
import type { OffsiteStore } from '../../../src/engine/deps.ts'
import { farStore } from '../../support/stores/offsite-directory.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

async function far (t: TestContext): Promise<ReadonlyMap<string, OffsiteStore>> {
  const offsite = farStore(tempDir(t))
  await offsite.store.open(never)
  return new Map([['far', offsite]])
}

test('a backup is a job that holds its source', async t => {
  assert.deepEqual(await askedJob(t, engine => engine.create({ source: 'shop', type: 'manual' })), {
    kind: 'create',
    source: 'shop',
    backupId: null,
    locks: ['source:shop']
  })
})

test('a kind of backup that the source cannot make is refused before there is a job', async t => {
  const { engine } = await testEngine(t)
  const error = await rejectsWith('METHOD_UNSUPPORTED', engine.create({ type: 'manual', method: 'incremental' }))
  assert.equal(error.hint, 'Request "full", or omit the method.')
  await rejectsWith('STORE_NOT_FOUND', engine.create({ type: 'manual', upload: true }))
  assert.deepEqual((await engine.jobs({ limit: 10 })).jobs, [])
})

test('a copy that fails names the backup that was made all the same', async t => {
  const { engine, faults } = await testEngine(t, { offsite: await far(t) })
  faults.fail('store.get', { error: new BackupError('STORE_FAILED', 'the disk died'), on: /(?<!\.json)$/ })
  const { result } = await engine.create({ type: 'manual', verify: false, upload: true })
  const { message, details } = await rejectsWith('STORE_FAILED', result)
  assert.deepEqual(
    [message, details],
    ['backup 1 was made, but not all of its copies: the disk died', { backupId: 1 }]
  )
  assert.equal((await engine.backup(1)).status, 'completed')
})

test('an edit and a release hold the backup', async t => {
  const { engine, deps, create } = await testEngine(t)
  const { id } = await create()
  const lock = await deps.runner.locks.lock([`backup:${id}`])
  await rejectsWith('BACKUP_BUSY', engine.edit(id, { pinned: true }))
  await rejectsWith('BACKUP_BUSY', engine.release(id, 'eve'))
  await lock.release()
  await rejectsWith('BACKUP_NOT_SUSPECT', engine.release(id, 'eve'))
  assert.equal((await engine.edit(id, { pinned: true })).pinned, true)
})

test('which kinds of backup a source has is told by its kind', async t => {
  const { engine, deps } = await testEngine(t)
  const kinds = deps.kinds as Map<string, LoadedKind>
  kinds.set('memory', { ...kinds.get('memory')!, methods: ['wal', 'full'] })
  const { hint } = await rejectsWith('METHOD_UNSUPPORTED', engine.create({ type: 'manual', method: 'incremental' }))
  assert.equal(hint, 'Request "wal" or "full", or omit the method.')
  kinds.set('memory', { ...kinds.get('memory')!, methods: ['wal'] })
  await rejectsWith('METHOD_UNSUPPORTED', engine.create({ type: 'manual', method: 'full' }))
})
