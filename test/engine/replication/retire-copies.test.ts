import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { LONGEST_PAUSE } from '../../../src/core/backup/copy.ts'
import { BackupError } from '../../../src/core/errors.ts'
import { removeCopy } from '../../../src/engine/replication/retire-copies.ts'
import type { OffsiteStore } from '../../../src/engine/deps.ts'
import { filesOf, testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { testOffsite, type TestOffsite } from '../../support/stores/offsite.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never } from '../../support/streams.ts'

interface Made extends TestEngine {
  readonly far: TestOffsite
  readonly offsite: OffsiteStore
}

async function make (t: TestContext, given: Parameters<typeof testOffsite>[1][string] = {}): Promise<Made> {
  const far = await testOffsite(t, { far: given })
  return { ...await testEngine(t, { offsite: far.offsite }), far, offsite: far.offsite.get('far')! }
}

async function status ({ engine }: Made, id: number): Promise<string | undefined> {
  return (await engine.backup(id)).copies.find(({ store }) => store === 'far')?.status
}

function failures ({ events }: Made): unknown[] {
  return events.flatMap(event => event.type === 'operation.failed' ? [[event.operation, event.code]] : [])
}

/** A copy that is no longer wanted, and what is to be done about it. */
async function retired (t: TestContext, given: Parameters<typeof testOffsite>[1][string] = {}) {
  const made = await make(t, given)
  const backup = await made.create({ upload: true })
  await made.deps.catalog.copies.retire(backup.id, 'far')
  const [task] = await made.deps.catalog.copies.work('far')
  return { ...made, backup, task: task! }
}

test('a copy that is no longer wanted is removed with its manifest, and forgotten', async t => {
  const made = await retired(t)
  await removeCopy(made.deps, made.task, made.offsite, never)
  assert.deepEqual([made.far.files('far'), await status(made, made.backup.id), made.files()], [
    [],
    undefined,
    filesOf(made.backup)
  ])
})

test('from an append-only store nothing is removed, the copy is only forgotten', async t => {
  const made = await retired(t, { isAppendOnly: true })
  await removeCopy(made.deps, made.task, made.offsite, never)
  assert.deepEqual([made.far.files('far'), await status(made, made.backup.id)], [filesOf(made.backup), undefined])
})

test('a removal that fails is written down with the time of the next attempt, told by an event, and thrown', async t => {
  const made = await retired(t)
  made.far.faults.fail('far.remove', { error: new BackupError('STORE_UNAVAILABLE', 'it is down'), on: /\.db$/ })
  await rejectsWith('STORE_UNAVAILABLE', removeCopy(made.deps, made.task, made.offsite, never))
  const copy = (await made.engine.backup(made.backup.id)).copies.find(({ store }) => store === 'far')
  assert.deepEqual([copy?.status, copy?.error, copy?.nextAttemptAt], [
    'removing',
    'it is down',
    new Date(made.clock.now().getTime() + LONGEST_PAUSE)
  ])
  assert.deepEqual([failures(made), made.far.files('far')], [[['remove-copy', 'STORE_UNAVAILABLE']], [made.backup.key]])
  await removeCopy(made.deps, made.task, made.offsite, never)
  assert.deepEqual(made.far.files('far'), [])
})
