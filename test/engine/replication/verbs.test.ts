import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { testEngine } from '../../support/engine/engine.ts'
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

test('an upload that a caller asks for holds itself and the copy; a second one is refused', async t => {
  const { engine, deps, faults, create } = await testEngine(t, {
    offsite: await far(t),
    maxConcurrent: 1
  })
  const { id } = await create()
  const pause = faults.pause('store.get')
  const { job, result } = await engine.upload(id, {})
  await pause.reached
  assert.deepEqual([job.kind, job.source, job.backupId], ['upload', 'shop', id])
  assert.deepEqual([...await deps.runner.locks.names()].toSorted(), [`copy:${id}:far`, `upload:${id}:far`])
  await rejectsWith('BACKUP_BUSY', engine.upload(id, { store: 'far' }))
  pause.go()
  assert.deepEqual((await result).copies.map(({ status }) => status), ['stored', 'stored'])
})

test('an upload of the service itself waits for the one that is under way', async t => {
  const { engine, faults, create } = await testEngine(t, { offsite: await far(t) })
  const { id } = await create()
  const pause = faults.pause('store.get')
  const asked = await engine.upload(id, {})
  await pause.reached
  const own = await engine.upload(id, { isOwn: true })
  pause.go()
  assert.deepEqual([(await asked.result).id, (await own.result).id], [id, id])
})

test('destinations are the stores to which the backups of a source are copied', async t => {
  const { engine } = await testEngine(t, { offsite: await far(t) })
  assert.deepEqual([engine.destinations('shop'), engine.destinations('attic')], [['far'], []])
})
