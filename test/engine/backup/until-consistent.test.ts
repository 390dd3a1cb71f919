import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import type { Check } from '../../../src/core/ports/verification.ts'
import type { PutState } from '../../../src/engine/backup/store-parts.ts'
import { untilConsistent } from '../../../src/engine/backup/until-consistent.ts'
import { filesOf, testEngine, type TestEngine, type TestEngineOptions } from '../../support/engine/engine.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never, prose } from '../../support/streams.ts'

const REASON = '2 rows name files that are not there'
const GOOD = prose(100_000)
const [GAP, ODD, BAD] = ['GAP', 'ODD', 'BAD'].map(word => Buffer.concat([Buffer.from(word), GOOD]))

/** A source whose next snapshots have this content, one after the other, and the last of them from then on. */
class Series extends MemorySource {
  series: Buffer[] = []
  snapshots = 0

  override async snapshot (...given: Parameters<MemorySource['snapshot']>): ReturnType<MemorySource['snapshot']> {
    this.snapshots++
    this.bytes = this.series.shift() ?? this.bytes
    return await super.snapshot(...given)
  }
}

async function bench (t: TestContext, options: TestEngineOptions = {}): Promise<TestEngine & { series: Series }> {
  const series = new Series('shop')
  return { ...await testEngine(t, { sources: [series], type: 'scheduled', ...options }), series }
}

test('a snapshot whose parts do not fit together leaves nothing, and is taken again', async t => {
  const { create, engine, deps, events, files, series } = await bench(t)
  series.series = [GAP!, GAP!, GOOD]
  const backup = await create()
  assert.deepEqual([series.snapshots, backup.verification.status, backup.suspicion], [3, 'valid', null])
  assert.equal(backup.size, GOOD.length)
  assert.deepEqual(files(), filesOf(backup))
  const [job] = (await engine.jobs({ limit: 1 })).jobs
  const log = await deps.catalog.jobs.log(job!.id)
  assert.deepEqual(log.map(({ text }) => text), [1, 2].map(number => `snapshot ${number} of at most 3: ${REASON}`))
  const failures = events.filter(event => event.type === 'operation.failed')
  assert.deepEqual(failures.map(({ operation, code }) => [operation, code]), [
    ['snapshot', 'BACKUP_INCONSISTENT'],
    ['snapshot', 'BACKUP_INCONSISTENT']
  ])
  assert.ok(!events.some(({ type }) => type === 'backup.suspect' || type === 'backup.failed'))
})

test('after three attempts the backup is kept as suspect, and counts as good only when it is released', async t => {
  const { create, engine, deps, events, files, series } = await bench(t, { settings: { maxBackups: 1 } })
  const good = await create()
  series.series = [GAP!]
  const backup = await create()
  assert.deepEqual([series.snapshots, backup.status, backup.verification.status], [4, 'completed', 'valid'])
  assert.deepEqual(backup.suspicion, { reasons: [REASON], releasedAt: null, releasedBy: null })
  assert.deepEqual(files(), filesOf(good, backup), 'it removes no good one')
  assert.ok(events.some(event => event.type === 'backup.suspect' && event.backup.id === backup.id))
  const { suspects } = await deps.catalog.alerts.evidence('shop')
  assert.deepEqual(suspects, [{ id: backup.id, reasons: [REASON] }])
  assert.equal((await deps.catalog.backups.lastGood('shop', 10)).length, 1)
  await engine.release(backup.id, 'ann')
  assert.equal((await deps.catalog.backups.lastGood('shop', 10)).length, 2)
})

test('that applies without the guard, and a snapshot that could not be checked is suspect at once', async t => {
  const { create, series } = await bench(t, { policies: { shop: { anomalyGuard: false } } })
  series.series = [ODD!]
  const { suspicion } = await create()
  assert.deepEqual([series.snapshots, suspicion?.reasons], [1, ['the query failed']])
})

test('a backup that is not verified is not checked', async t => {
  const { create, series } = await bench(t)
  series.series = [GAP!]
  assert.deepEqual([(await create({ verify: false })).suspicion, series.snapshots], [null, 1])
})

test('damage that is found in a later snapshot fails the backup', async t => {
  const { create, series } = await bench(t)
  series.series = [GAP!, BAD!]
  await rejectsWith('VERIFICATION_FAILED', create())
  assert.equal(series.snapshots, 2)
})

test('the hooks run for each snapshot, so that the application is not stopped during the verification', async t => {
  const commands: string[] = []
  const { create, series } = await bench(t, {
    hooks: { shop: { before: [['stop']], after: [['start']], timeout: 1000 } },
    runCommand: async ([name]) => {
      commands.push(`${name} ${series.snapshots}`)
      return { isSuccess: true, end: 'exit code 0', output: '' }
    }
  })
  series.series = [GAP!, GOOD]
  await create()
  assert.deepEqual(commands, ['stop 0', 'start 1', 'stop 1', 'start 2'])
})

test('a store that cannot remove the snapshot, and a job that is cancelled, end the backup and leave a failed row', async t => {
  const { create, engine, faults, series, files } = await bench(t)
  series.series = [GAP!]
  faults.fail('store.remove', { error: new BackupError('STORE_UNAVAILABLE', 'it is away') })
  await rejectsWith('STORE_UNAVAILABLE', create())
  assert.deepEqual([(await engine.backup(1)).status, files()], ['failed', []])
  const pause = faults.pause('store.remove')
  const { job, result } = await engine.create({ type: 'scheduled' })
  const outcome = rejectsWith('CANCELLED', result)
  await pause.reached
  const cancelled = engine.cancel(job.id)
  pause.go()
  await cancelled
  await outcome
  assert.deepEqual([(await engine.backup(2)).status, series.snapshots, files()], ['failed', 2, []])
})

test('what is damaged as well is kept for inspection, and what was removed no longer counts as stored', async t => {
  const { create, deps } = await bench(t)
  const row = await create()
  const put: PutState = { parts: new Map([[row.key, 'yes']]), isScratchFull: false }
  const check: Check = { name: 'integrity_check', status: 'pass', reason: REASON, consistency: 'inconsistent' }
  const found = [true, false].map(valid => ({ verification: { valid, checks: [check], remedy: null } }))
  const seen: number[] = []
  const kept = await untilConsistent(deps, row, put, { jobId: 1, signal: never }, async () => {
    seen.push(put.parts.size)
    return found.shift() ?? assert.fail('there was no third attempt')
  })
  assert.deepEqual([kept.verification.valid, seen], [false, [1, 0]])
})
