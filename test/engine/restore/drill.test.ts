import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import type { Assertion } from '../../../src/core/restore/drill.ts'
import type { Restore } from '../../../src/core/restore/restore.ts'
import { testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { shopDatabase } from '../../support/databases/shop.ts'

const DIED = new BackupError('SOURCE_FAILED', 'the child died')
const HOLDS: Assertion = { name: 'there are ledgers', sql: 'the ledger', min: 1 }
const FALSE: Assertion = { name: 'there are no ledgers', sql: 'the ledger', max: 0 }
const UNKNOWN: Assertion = { name: 'nobody knows', sql: '?', min: 1 }

async function drill ({ engine }: TestEngine, id: number): Promise<Restore> {
  return await (await engine.drill({ id, actor: 'eve' })).result
}

function finished ({ events }: TestEngine): readonly Restore[] {
  return events.flatMap(event => event.type === 'drill.finished' ? [event.drill] : [])
}

/** Nothing of a drill stays in scratch space. */
function assertThrownAway ({ deps }: TestEngine): void {
  assert.deepEqual(readdirSync(deps.scratch.directory), [])
}

for (const compression of ['none', 'zstd'] as const) {
  test(`a whole backup with the compression ${compression} is restored into scratch space, and passes`, async t => {
    const bench = await testEngine(t, { assertions: { shop: [HOLDS] } })
    const backup = await bench.create({ compression, verify: false })
    bench.clock.move(60_000)
    const restored = bench.faults.pause('inspector.inspect')
    const work = await bench.engine.drill({ id: backup.id, actor: 'eve' })
    await restored.reached
    assert.deepEqual(
      readdirSync(bench.deps.scratch.directory).map(name => readFileSync(`${bench.deps.scratch.directory}/${name}`)),
      [bench.source.bytes],
      'a real file, also where the stored one is plain'
    )
    bench.clock.move(2000)
    restored.go()
    const done = await work.result

    assert.deepEqual(
      [done.kind, done.mode, done.status, done.bytes, done.restoreTime, done.actor, done.safetyBackupId],
      ['drill', 'scratch', 'passed', bench.source.bytes.length, 0, 'eve', null]
    )
    const { report } = done
    assert.deepEqual(report!.backup, {
      fileName: backup.key,
      startedAt: backup.startedAt.toISOString(),
      checksum: backup.checksum,
      imageChecksum: backup.originalChecksum,
      size: backup.size,
      compression
    })
    assert.deepEqual(report!.checks.filter(({ status }) => status === 'fail'), [])
    assert.deepEqual([report!.assertions.map(({ name, status }) => [name, status]), report!.chosen, report!.duration], [
      [['there are ledgers', 'pass']],
      'requested by the caller',
      2000
    ])
    assert.deepEqual([await bench.engine.restoreById(done.id), finished(bench)], [done, [done]])
    assert.equal((await bench.engine.backup(backup.id)).verification.status, 'valid', 'a drill is a verification, too')
    assertThrownAway(bench)
  })
}

test('what a restore takes is the time from opening the backup until its content stands, without the checks', async t => {
  const bench = await testEngine(t)
  const { id } = await bench.create({ compression: 'zstd' })
  const digesting = bench.faults.pause('store.get', /zst$/)
  const unpacking = bench.faults.pause('scratch.file')
  const checking = bench.faults.pause('inspector.inspect')
  const work = await bench.engine.drill({ id, actor: null })
  await digesting.reached
  bench.clock.move(30_000)
  digesting.go()
  await unpacking.reached
  bench.clock.move(7000)
  unpacking.go()
  await checking.reached
  bench.clock.move(90_000)
  checking.go()
  const { restoreTime, report } = await work.result
  assert.deepEqual([restoreTime, report!.duration], [7000, 127_000])
})

test('a damaged backup fails with the check that found it, and is invalid from then on', async t => {
  const bench = await testEngine(t, { assertions: { shop: [HOLDS] } })
  const { id, filePath } = await bench.create()
  const bytes = readFileSync(filePath)
  writeFileSync(filePath, bytes.fill(bytes[50_000]! ^ 1, 50_000, 50_001))
  const { status, errorCode, errorMessage, report, restoreTime } = await drill(bench, id)
  assert.deepEqual([status, errorCode, restoreTime, report!.assertions], ['failed', 'BACKUP_INVALID', null, []])
  assert.match(errorMessage ?? '', /^Backup is not valid: checksum failed/)
  assert.equal((await bench.engine.backup(id)).verification.status, 'invalid')
  const evidence = await bench.deps.catalog.restores.drillEvidence('shop')
  assert.deepEqual([evidence.lastProven, evidence.failed?.backupId, evidence.failed?.code], [
    null,
    id,
    'BACKUP_INVALID'
  ])
})

test('damage that only the inspection finds fails, and nothing is asked of such content', async t => {
  const bench = await testEngine(t, { assertions: { shop: [HOLDS] } })
  bench.source.bytes = Buffer.from('BAD bytes from the start')
  const { id } = await bench.create({ verify: false })
  const { status, report } = await drill(bench, id)
  assert.deepEqual(
    [status, report!.assertions, report!.checks.find(({ name }) => name === 'integrity_check')?.status],
    ['failed', [], 'fail']
  )
  assertThrownAway(bench)
})

test('an object that is gone fails', async t => {
  const bench = await testEngine(t)
  const { id, filePath } = await bench.create()
  unlinkSync(filePath)
  assert.deepEqual([(await drill(bench, id)).status, existsSync(filePath)], ['failed', false])
})

for (
  const [assertions, status, code] of [
    [[HOLDS], 'passed', null],
    [[HOLDS, FALSE], 'failed', 'ASSERTION_FAILED'],
    [[UNKNOWN, HOLDS], 'inconclusive', 'ASSERTION_INCONCLUSIVE'],
    [[UNKNOWN, FALSE], 'failed', 'ASSERTION_FAILED']
  ] as const
) {
  test(`a whole backup of which it is asserted that ${assertions.map(({ name }) => name).join(' and ')} comes to "${status}"`, async t => {
    const bench = await testEngine(t, { assertions: { shop: assertions } })
    const { id } = await bench.create()
    const done = await drill(bench, id)
    assert.deepEqual([done.status, done.errorCode, done.report!.assertions.length], [status, code, assertions.length])
    assert.equal((await bench.engine.backup(id)).verification.status, 'valid', 'the bytes are what they were')
  })
}

for (
  const [method, error] of [
    ['scratch.file', new BackupError('DISK_FULL', 'no room')],
    ['scratch.space', new BackupError('DISK_FULL', 'no room')],
    ['inspector.inspect', DIED],
    ['store.get', new BackupError('STORE_UNAVAILABLE', 'not mounted')],
    ['backups.recordVerification', new BackupError('CATALOG_BUSY', 'another process holds it')]
  ] as const
) {
  test(`a drill that breaks at ${method} is inconclusive, and says why`, async t => {
    const bench = await testEngine(t)
    const { id } = await bench.create()
    bench.faults.fail(method, { error })
    const done = await drill(bench, id)
    assert.deepEqual([done.status, done.errorCode, done.errorMessage, done.report], [
      'inconclusive',
      error.code,
      error.message,
      null
    ])
    assert.deepEqual(await bench.deps.catalog.restores.drillEvidence('shop'), { lastProven: null, failed: null })
    assertThrownAway(bench)
  })
}

test('a drill leaves the reserve of the disk alone', async t => {
  const bench = await testEngine(t)
  const { id } = await bench.create()
  const deps = { ...bench.deps, diskReserve: Number.MAX_SAFE_INTEGER }
  const { drillBackup } = await import('../../../src/engine/restore/drill.ts')
  const task = { jobId: 1, signal: new AbortController().signal, phase () {}, bytes () {}, setBackup () {} }
  const { status, errorCode } = await drillBackup(deps, { id, reason: 'to see', actor: null }, task)
  assert.deepEqual([status, errorCode], ['inconclusive', 'DISK_FULL'])
})

test('a drill that is cancelled is inconclusive, and its job cancelled', async t => {
  const bench = await testEngine(t)
  const { id } = await bench.create()
  const checking = bench.faults.pause('inspector.inspect')
  const { job, result } = await bench.engine.drill({ id, actor: null })
  await checking.reached
  const cancelled = bench.engine.cancel(job.id)
  checking.go()
  await rejectsWith('CANCELLED', result)
  assert.equal((await cancelled).status, 'cancelled')
  const [row] = (await bench.engine.restores({ kind: 'drill', limit: 1 })).restores
  assert.deepEqual([row?.status, row?.errorCode], ['inconclusive', 'CANCELLED'])
  assertThrownAway(bench)
})

test('without an id the backup is drilled whose turn it is', async t => {
  const bench = await testEngine(t)
  for (let count = 0; count < 4; count++) await bench.create()
  const drilled: unknown[] = []
  for (let count = 0; count < 3; count++) {
    const { backupId, report, actor } = await (await bench.engine.drill({ actor: null })).result
    drilled.push([backupId, report!.chosen, actor])
  }
  assert.deepEqual(drilled, [
    [4, 'the newest verified backup without a drill', null],
    [1, 'the oldest backup without a drill in the oldest quarter of the backups', null],
    [3, 'the newest verified backup without a drill', null]
  ])
})

test('what cannot be drilled is refused, and leaves no row', async t => {
  const bench = await testEngine(t)
  await rejectsWith('BACKUP_NOT_FOUND', bench.engine.drill({ actor: null }))
  await rejectsWith('BACKUP_NOT_FOUND', bench.engine.drill({ id: 9, actor: null }))
  await rejectsWith('SOURCE_NOT_FOUND', bench.engine.drill({ source: 'nowhere', actor: null }))
  const { id } = await bench.create()
  const pause = bench.faults.pause('inspector.inspect')
  const { result } = await bench.engine.drill({ id, actor: null })
  await pause.reached
  await rejectsWith('BACKUP_BUSY', bench.engine.drill({ id, actor: null }))
  pause.go()
  await result
  assert.equal((await bench.engine.restores({ limit: 10 })).restores.length, 1)
  await rejectsWith('RESTORE_NOT_FOUND', bench.engine.restoreById(9))
})

test('a drill that passed is in the statistics, and one that failed is not', async t => {
  const bench = await testEngine(t)
  const { id, startedAt } = await bench.create()
  const before = (await bench.engine.source('shop')).statistics
  assert.deepEqual([before.lastProven, before.restoreTime, before.newestProven], [null, null, startedAt])
  bench.clock.move(1000)
  const unpacking = bench.faults.pause('scratch.file')
  const work = await bench.engine.drill({ id, actor: null })
  await unpacking.reached
  bench.clock.move(3000)
  unpacking.go()
  const { finishedAt } = await work.result
  bench.faults.fail('inspector.inspect', { error: DIED })
  bench.clock.move(1000)
  await drill(bench, id)
  const { lastProven, restoreTime } = (await bench.engine.source('shop')).statistics
  assert.deepEqual([lastProven, restoreTime], [finishedAt, 3000])
})

test('a failed drill holds against a source until another passes, or the backup is gone', async t => {
  const bench = await testEngine(t)
  const [bad, good] = [await bench.create(), await bench.create()]
  writeFileSync(bad.filePath, 'other bytes')
  const failed = async (): Promise<number | undefined> =>
    (await bench.deps.catalog.restores.drillEvidence('shop')).failed?.backupId
  await drill(bench, bad.id)
  assert.equal(await failed(), bad.id)
  await drill(bench, good.id)
  assert.equal(await failed(), undefined)
  await drill(bench, bad.id)
  assert.equal(await failed(), bad.id)
  await (await bench.engine.remove(bad.id, { force: true })).result
  assert.equal(await failed(), undefined)
})

test('a real database is drilled with its assertions, which know when its backup was begun', async t => {
  const { source } = shopDatabase(t)
  const assertions: readonly Assertion[] = [
    { name: 'invoices', sql: 'SELECT count(*) FROM invoice', equals: 1000 },
    { name: 'begun in 2025', sql: "SELECT strftime('%Y', :at)", equals: '2025' }
  ]
  const bench = await testEngine(t, { sources: [source], assertions: { shop: assertions } })
  const { id } = await bench.create({ compression: 'zstd' })
  bench.clock.move(400 * 86_400_000)
  const { status, report } = await drill(bench, id)
  assert.deepEqual([status, report!.assertions.map(({ found }) => found)], ['passed', [1000, '2025']])
  assert.ok(
    report!.checks.every(check => check.status === 'pass' || check.name === 'decryption'),
    JSON.stringify(report!.checks)
  )
  assertThrownAway(bench)
})

test('the next drill takes no backup from the future', async t => {
  const { engine, clock, create } = await testEngine(t)
  const now = await create()
  clock.move(86_400_000)
  await create()
  clock.move(-86_400_000)
  const { result } = await engine.drill({ source: 'shop', actor: null })
  assert.equal((await result).backupId, now.id)
})

test('a backup whose parts do not fit together fails, also where every assertion holds', async t => {
  const bench = await testEngine(t, { assertions: { shop: [HOLDS] } })
  bench.source.bytes = Buffer.from('GAP in the ledger')
  const done = await drill(bench, (await bench.create()).id)
  assert.deepEqual([done.status, done.errorCode], ['failed', 'BACKUP_INCONSISTENT'])
  assert.equal(done.errorMessage, 'the parts of the backup do not fit together: 2 rows name files that are not there')
  assertThrownAway(bench)
})

test('a backup of which that cannot be told is inconclusive, unless an assertion fails', async t => {
  const bench = await testEngine(t, { assertions: { shop: [FALSE] } })
  bench.source.bytes = Buffer.from('ODD')
  const done = await drill(bench, (await bench.create()).id)
  assert.deepEqual([done.status, done.errorCode, done.errorMessage], [
    'inconclusive',
    'QUERY_FAILED',
    'the query failed'
  ])
  bench.source.bytes = Buffer.from('ODD in the ledger')
  const failed = await drill(bench, (await bench.create()).id)
  assert.deepEqual([failed.status, failed.errorCode], ['failed', 'ASSERTION_FAILED'])
})
