import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { presentWarning } from '../../../src/present/backup.ts'
import { filesOf, testEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'

for (const code of ['PROCESS_TIMED_OUT', 'PROCESS_OUT_OF_MEMORY'] as const) {
  test(`a backup whose verification ends with ${code} is kept as unverified, with an alert until it is verified`, async t => {
    const { engine, deps, faults, events, create, files } = await testEngine(t, {
      settings: { maxBackups: 1 },
      type: 'scheduled'
    })
    const older = await create()
    faults.fail('inspector.inspect', { error: new BackupError(code, 'it took too much') })
    const backup = await create()
    assert.deepEqual([backup.status, backup.verification.status, backup.verification.checkedAt, backup.errorCode], [
      'completed',
      'unverified',
      null,
      null
    ])
    const check = backup.verification.checks.find(({ name }) => name === 'integrity_check')
    assert.deepEqual(check, {
      name: 'integrity_check',
      status: 'skipped',
      reason: 'inconclusive: it took too much',
      code
    })
    assert.ok(backup.verification.checks.every(({ status }) => status === 'skipped'))
    assert.deepEqual(files(), filesOf(older, backup), 'it is there, and pushes nothing out')
    assert.equal((await deps.catalog.backups.manifest(backup.id))?.verifiedAt, null)
    assert.deepEqual(await engine.verifications(backup.id), [])
    assert.match(presentWarning(backup) ?? '', /Backup 2 is not verified: inconclusive: it took too much/)
    assert.ok(
      events.some(event => event.type === 'operation.failed' && event.operation === 'verify' && event.code === code)
    )
    assert.ok(!events.some(event => event.type === 'verification.finished' && event.backup.id === backup.id))
    assert.deepEqual((await deps.catalog.alerts.evidence('shop')).unproven, {
      id: backup.id,
      reason: 'inconclusive: it took too much'
    })

    await (await engine.verify(backup.id)).result
    assert.equal((await engine.backup(backup.id)).verification.status, 'valid')
    assert.equal((await deps.catalog.alerts.evidence('shop')).unproven, null)
  })
}

test('a newer backup that is verified ends the alert, and one that was not to be verified raises none', async t => {
  const { deps, faults, create } = await testEngine(t)
  await create({ verify: false })
  const unproven = async (): Promise<unknown> => (await deps.catalog.alerts.evidence('shop')).unproven
  assert.equal(await unproven(), null)
  faults.fail('inspector.inspect', { error: new BackupError('PROCESS_TIMED_OUT', 'it took too long') })
  const { id } = await create()
  assert.deepEqual(await unproven(), { id, reason: 'inconclusive: it took too long' })
  await create()
  assert.equal(await unproven(), null)
})

test('a backup that is cancelled while it is verified is thrown away', async t => {
  const { engine, deps, faults, files } = await testEngine(t)
  const pause = faults.pause('inspector.inspect')
  const { job, result } = await engine.create({ type: 'manual' })
  await pause.reached
  const cancelled = deps.runner.cancel(job.id)
  pause.go()
  await Promise.all([cancelled, rejectsWith('CANCELLED', result)])
  assert.deepEqual(files(), [])
})

test('a verification that is inconclusive changes nothing of what was known of the backup', async t => {
  const { engine, faults, create } = await testEngine(t)
  const { id } = await create()
  faults.fail('inspector.inspect', { error: new BackupError('PROCESS_TIMED_OUT', 'it took too long') })
  await rejectsWith('PROCESS_TIMED_OUT', (await engine.verify(id)).result)
  faults.fail('inspector.inspect', { error: new BackupError('PROCESS_OUT_OF_MEMORY', 'it took too much') })
  const { results, failures } = await (await engine.verifyAll({})).result
  assert.deepEqual([results.length, failures.map(({ error }) => error.code)], [0, ['PROCESS_OUT_OF_MEMORY']])
  faults.fail('inspector.inspect', { error: new BackupError('PROCESS_TIMED_OUT', 'it took too long') })
  const drill = await (await engine.drill({ id, actor: 'me' })).result
  assert.deepEqual([drill.status, drill.errorCode], ['inconclusive', 'PROCESS_TIMED_OUT'])
  assert.equal((await engine.backup(id)).verification.status, 'valid')
})
