import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Work } from '../../../src/core/job.ts'
import { endless, running } from '../../support/engine/endless-job.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'

test('more jobs than may wait are refused, by source and in all; what the service starts itself is not', async t => {
  const { deps: { runner }, engine } = await testEngine(t, { maxConcurrent: 1, maxQueued: { all: 3, perSource: 2 } })
  const first = await running(runner, 'a')
  // All at once: those that are not written down yet count as well.
  const many = ['a', 'a', 'a'].map(source => endless(runner, source))
  const { message, hint } = await rejectsWith('QUEUE_FULL', many[2]!)
  assert.match(
    `${message}; ${hint ?? ''}`,
    /^2 jobs of the source "a" are already queued; .*MAX_QUEUED_JOBS_PER_SOURCE\.$/
  )
  const waiting: Array<Work<void>> = [...await Promise.all(many.slice(0, 2)), await endless(runner, 'b')]
  assert.match((await rejectsWith('QUEUE_FULL', endless(runner, 'c'))).hint ?? '', /MAX_QUEUED_JOBS\.$/)
  const own = await runner.start(
    { kind: 'create', source: 'a', backupId: null, locks: [], isOwn: true },
    async () => 'done'
  )
  for (const { job } of waiting) await engine.cancel(job.id)
  await engine.cancel(first.job.id)
  assert.equal(await own.result, 'done')
  await engine.cancel((await running(runner, 'a')).job.id)
})

test('a job whose slot is free has never waited, and one that was cancelled in line waits no longer', async t => {
  const { deps: { runner }, engine } = await testEngine(t, { maxConcurrent: 1, maxQueued: { all: 1, perSource: 1 } })
  await endless(runner, 'a')
  const waiting = await endless(runner, 'a')
  await rejectsWith('QUEUE_FULL', endless(runner, 'a'))
  await engine.cancel(waiting.job.id)
  await endless(runner, 'a')
})

test('a restore is neither refused nor kept waiting by jobs of its source', async t => {
  const bench = await testEngine(t, { maxConcurrent: 2, maxQueued: { all: 2, perSource: 2 } })
  const { id } = await bench.create()
  const { runner } = bench.deps
  await running(runner, 'shop')
  for (let n = 0; n < 2; n++) await endless(runner, 'shop')
  await rejectsWith('QUEUE_FULL', endless(runner, 'shop'))
  const { safetyBackupId } = await (await bench.engine.restore(id, { actor: 'admin' })).result
  assert.notEqual(safetyBackupId, null)
})
