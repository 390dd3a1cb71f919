import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { serializeManifest } from '../../../src/core/backup/manifest.ts'
import { manifestKey } from '../../../src/core/backup/object-key.ts'
import { BackupError } from '../../../src/core/errors.ts'
import { openOffsite, performCopyTask } from '../../../src/engine/replication/copy-task.ts'
import { filesIn, filesOf, testEngine, type TestEngine, type TestEngineOptions } from '../../support/engine/engine.ts'
import { testOffsite, type TestOffsite } from '../../support/stores/offsite.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never } from '../../support/streams.ts'

interface Made extends TestEngine {
  readonly far: TestOffsite
  /** Does the only thing that is to be done in the store. */
  readonly perform: (signal?: AbortSignal) => Promise<void>
}

async function make (t: TestContext, options: TestEngineOptions = {}): Promise<Made> {
  const far = await testOffsite(t, { far: {} })
  const made = await testEngine(t, { offsite: far.offsite, ...options })
  const perform = async (signal = never): Promise<void> => {
    const [task, ...others] = await made.deps.catalog.copies.work('far')
    assert.ok(task !== undefined && others.length === 0)
    await performCopyTask(made.deps, made.engine, far.offsite.get('far')!, task, signal)
  }
  return { ...made, far, perform }
}

test('a description that was edited reaches the manifests of the copies', async t => {
  const made = await make(t)
  const { id, key } = await made.create({ upload: true })
  await made.engine.edit(id, { description: 'the one from before the move', pinned: true })
  const [task] = await made.deps.catalog.copies.work('far')
  assert.deepEqual([task?.backupId, task?.status], [id, 'stored'])
  await made.perform()
  assert.equal(
    readFileSync(join(made.far.directories['far']!, manifestKey(key)), 'utf8'),
    serializeManifest((await made.deps.catalog.backups.manifest(id))!)
  )
  assert.deepEqual(await made.deps.catalog.copies.work('far'), [])
})

test('a copy that is promised is brought there by a job of its own, and one that is no longer wanted is removed', async t => {
  const { deps, engine, far, create, perform } = await make(t)
  const backup = await create()
  await perform()
  assert.deepEqual(far.files('far'), filesOf(backup))
  assert.deepEqual((await engine.jobs({ limit: 1 })).jobs.map(({ kind, status }) => [kind, status]), [[
    'upload',
    'succeeded'
  ]])
  await deps.catalog.copies.retire(backup.id, 'far')
  await perform()
  assert.deepEqual([far.files('far'), await deps.catalog.copies.work('far')], [[], []])
})

test('a removal or a manifest at which another job is at work is left to that job, and the copy is free after its turn', async t => {
  const { deps, far, create, perform } = await make(t)
  const backup = await create({ upload: true })
  await deps.catalog.copies.retire(backup.id, 'far')
  const lock = await deps.runner.locks.lock([`copy:${backup.id}:far`])
  await perform()
  assert.deepEqual(far.files('far'), filesOf(backup))
  await lock.release()
  far.faults.fail('far.remove', { error: new BackupError('STORE_UNAVAILABLE', 'it is down') })
  await rejectsWith('STORE_UNAVAILABLE', perform())
  assert.deepEqual([...await deps.runner.locks.names()], [])
  await perform()
  assert.deepEqual(far.files('far'), [])
})

test('an aborted signal cancels the upload, whose copy is tried again at once', async t => {
  const { engine, far, create, perform } = await make(t)
  const { id } = await create()
  const abort = new AbortController()
  const pause = far.faults.pause('far.put')
  const cancelled = rejectsWith('CANCELLED', perform(abort.signal))
  await pause.reached
  abort.abort(new BackupError('SHUTTING_DOWN', 'the service ends'))
  pause.go()
  await cancelled
  const [copy] = (await engine.backup(id)).copies
  assert.deepEqual([copy?.status, copy?.nextAttemptAt, far.files('far')], ['pending', null, []])
  assert.equal((await engine.jobs({ limit: 1 })).jobs[0]?.status, 'cancelled')
})

test('an upload that fails is put off, and its error is thrown', async t => {
  const { engine, far, create, perform } = await make(t)
  const { id } = await create()
  far.faults.fail('far.put', { error: new BackupError('STORE_UNAVAILABLE', 'it is down') })
  await rejectsWith('STORE_UNAVAILABLE', perform())
  const [copy] = (await engine.backup(id)).copies
  assert.deepEqual([copy?.status, copy?.nextAttemptAt === null], ['failed', false])
})

test('a store that is opened is ours, and has the note on how to restore; one that does not take the note takes copies all the same', async t => {
  const { deps, far } = await make(t, { instance: 'one' })
  const offsite = far.offsite.get('far')!
  far.faults.fail('far.put', { error: new BackupError('STORE_FAILED', 'no note'), on: /^RESTORE\.txt$/ })
  await openOffsite(deps, offsite, never)
  const note = join(far.directories['far']!, 'RESTORE.txt')
  assert.throws(() => readFileSync(note), { code: 'ENOENT' })
  assert.equal((await deps.ownership.inspect(offsite.store, never)).marker?.instance, 'one')
  await openOffsite(deps, offsite, never)
  assert.match(readFileSync(note, 'utf8'), /restore/)
})

test('a store that should hold copies and holds nothing is not made anew', async t => {
  const { deps, engine, far, create } = await make(t)
  const backup = await create({ upload: true })
  for (const file of far.files('far')) rmSync(join(far.directories['far']!, file))
  const { message } = await rejectsWith('STORE_UNAVAILABLE', openOffsite(deps, far.offsite.get('far')!, never))
  assert.match(message, /is empty, but the catalog lists 1 copies in it/)
  assert.deepEqual([
    (await engine.backup(backup.id)).copies.find(({ store }) => store === 'far')?.status,
    filesIn(far.directories['far']!)
  ], ['stored', []])
})
