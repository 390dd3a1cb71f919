import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cancelWhileProbing } from '../../support/engine/cancel-while-probing.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { brokenBody, prose, stalledBody, until } from '../../support/streams.ts'

test('a job that is cancelled while it waits in line has made no row', async t => {
  const { engine, faults } = await testEngine(t, {
    sources: [new MemorySource('shop'), new MemorySource('bank')],
    maxConcurrent: 1
  })
  const pause = faults.pause('source.probe')
  const first = await engine.create({ source: 'shop', type: 'manual' })
  await pause.reached
  const second = await engine.create({ source: 'bank', type: 'manual' })
  const job = await engine.cancel(second.job.id)
  await rejectsWith('CANCELLED', second.result)
  assert.deepEqual([job.status, job.errorCode, job.backupId], ['cancelled', 'CANCELLED', null])
  pause.go()
  await first.result
  await rejectsWith('BACKUP_NOT_FOUND', engine.backup(2))
})

test('a job that is cancelled while the image is stored leaves a failed row and nothing else', async t => {
  const { engine, source, files } = await testEngine(t)
  source.image = () => stalledBody(prose(50_000))
  const { job, result } = await engine.create({ type: 'manual' })
  const outcome = rejectsWith('CANCELLED', result)
  await until(async () => (await engine.job(job.id)).progress.bytesDone > 0)
  const cancelled = await engine.cancel(job.id)
  await outcome
  const row = await engine.backup(1)
  assert.deepEqual([cancelled.status, row.status, row.errorCode, files()], ['cancelled', 'failed', 'CANCELLED', []])
})

for (
  const [phase, method, on] of [['probing', 'source.probe', undefined], ['verifying', 'inspector.inspect', undefined], [
    'recording',
    'store.put',
    /json$/
  ]] as const
) {
  test(`a job that is cancelled while ${phase} leaves a failed row and nothing else`, async t => {
    const { engine, faults, files } = await testEngine(t)
    const pause = faults.pause(method, on)
    const { job, result } = await engine.create({ type: 'manual' })
    const outcome = rejectsWith('CANCELLED', result)
    await pause.reached
    assert.equal((await engine.job(job.id)).progress.phase, phase)
    const cancelled = engine.cancel(job.id)
    pause.go()
    assert.equal((await cancelled).status, 'cancelled')
    await outcome
    const row = await engine.backup(1)
    assert.deepEqual([row.status, row.errorCode, files()], ['failed', 'CANCELLED', []])
  })
}

test('a job that is cancelled after the backup is made leaves the backup', async t => {
  const { engine, faults, create } = await testEngine(t, { settings: { maxBackups: 1 } })
  await create()
  const pause = faults.pause('backups.trash')
  const { job, result } = await engine.create({ type: 'manual' })
  await pause.reached
  const cancelled = engine.cancel(job.id)
  pause.go()
  assert.equal((await cancelled).status, 'succeeded')
  assert.equal((await result).status, 'completed')
})

test('the source is free again after a cancelled job', async t => {
  const { engine, faults, create } = await testEngine(t)
  await cancelWhileProbing({ engine, faults })
  assert.equal((await create()).status, 'completed')
})

test('a job that has ended cannot be cancelled', async t => {
  const { engine, create } = await testEngine(t)
  await create()
  const error = await rejectsWith('JOB_FINISHED', engine.cancel(1))
  assert.match(error.message, /"succeeded"/)
  await rejectsWith('JOB_NOT_FOUND', engine.cancel(99))
})

test('a verification that is cancelled is recorded nowhere but in its job', async t => {
  const { engine, faults, create, events } = await testEngine(t)
  const backup = await create()
  const pause = faults.pause('inspector.inspect')
  const { job, result } = await engine.verify(backup.id)
  const outcome = rejectsWith('CANCELLED', result)
  await pause.reached
  const cancelled = engine.cancel(job.id)
  pause.go()
  assert.equal((await cancelled).status, 'cancelled')
  await outcome
  assert.equal((await engine.verifications(backup.id)).length, 1)
  assert.deepEqual(events.flatMap(event => event.type === 'operation.failed' ? [[event.operation, event.code]] : []), [[
    'verify',
    'CANCELLED'
  ]])
})

test('an image that dies while its job is cancelled is a cancelled job', async t => {
  const { engine, source, faults } = await testEngine(t)
  const { job, result } = await (async () => {
    faults.meanwhile('source.snapshot', () => {
      void engine.cancel(1).catch(() => {})
    })
    source.image = () => brokenBody('', new Error('an echo of the abort'))
    return await engine.create({ type: 'manual' })
  })()
  await rejectsWith('CANCELLED', result)
  assert.equal((await engine.job(job.id)).status, 'cancelled')
})

test('a cancelled backup is not a failing one: neither for the source, nor in the figures, nor for the alerts', async t => {
  const { engine, faults, create, deps } = await testEngine(t)
  await cancelWhileProbing({ engine, faults })
  const { state, statistics } = await engine.source('shop')
  const { failedBackups } = await engine.statistics()
  const { lastFailure } = await deps.catalog.alerts.evidence('shop')
  assert.deepEqual([state, statistics.lastFailure, failedBackups, lastFailure], ['never', null, 0, null])
  await create()
  assert.equal((await engine.source('shop')).state, 'ok')
})
