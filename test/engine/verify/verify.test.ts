import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { landingCopy } from '../../../src/engine/artifacts/objects.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never } from '../../support/streams.ts'

test('a whole backup is valid, and the row and the history remember it', async t => {
  const { engine, clock, create, events } = await testEngine(t)
  const made = await create({ verify: false })
  clock.move(5000)
  const { backup, verification } = await (await engine.verify(made.id)).result
  assert.deepEqual([verification.valid, backup.verification.status, backup.verification.checkedAt], [
    true,
    'valid',
    clock.now()
  ])
  assert.deepEqual((await engine.verifications(made.id)).map(record => record.verification), [{
    valid: true,
    checks: verification.checks
  }])
  assert.equal(events.filter(({ type }) => type === 'verification.finished').length, 1)
})

test('description and pin may have been edited since', async t => {
  const { engine, create } = await testEngine(t)
  const { id } = await create()
  await engine.edit(id, { description: 'kept', pinned: true })
  assert.equal((await (await engine.verify(id)).result).verification.valid, true)
})

test('an edit that ended between manifest and row does not make a backup invalid', async t => {
  const { engine, faults, create } = await testEngine(t)
  const { id } = await create()
  faults.fail('backups.edit', { error: new BackupError('CATALOG_BUSY', 'another process holds it') })
  await rejectsWith('CATALOG_BUSY', engine.edit(id, { description: 'kept', pinned: true }))
  assert.equal((await (await engine.verify(id)).result).verification.valid, true)
})

test('what comes after the check that failed is skipped, and says after what', async t => {
  const { engine, create } = await testEngine(t)
  const { id, filePath } = await create()
  writeFileSync(filePath, 'other bytes')
  const { checks } = (await (await engine.verify(id)).result).verification
  assert.deepEqual(
    checks.slice(3).map(({ status, reason }) => [status, reason]),
    Array(4).fill(['skipped', 'not reached, because checksum failed'])
  )
})

test('where the proof cannot be made it is an error, and nothing is recorded', async t => {
  for (
    const [method, on] of [['store.get', /gz$/], ['store.get', /json$/], ['store.stat', /gz$/], [
      'inspector.inspect',
      undefined
    ], ['scratch.file', undefined]] as const
  ) {
    const { engine, faults, create, events } = await testEngine(t)
    const { id } = await create({ compression: 'gzip' })
    faults.fail(method, {
      error: new BackupError('STORE_UNAVAILABLE', 'not mounted'),
      ...on === undefined ? {} : { on }
    })
    await rejectsWith('STORE_UNAVAILABLE', (await engine.verify(id)).result)
    assert.deepEqual([(await engine.verifications(id)).length, (await engine.backup(id)).verification.status], [
      1,
      'valid'
    ])
    assert.deepEqual(
      events.flatMap(event => event.type === 'operation.failed' ? [[event.operation, event.code]] : []),
      [['verify', 'STORE_UNAVAILABLE']]
    )
  }
})

test('a backup of a kind that this version does not know cannot be verified', async t => {
  const { engine, deps, create } = await testEngine(t)
  const { id } = await create()
  ;(deps.kinds as Map<string, unknown>).delete('memory')
  await rejectsWith('METHOD_UNSUPPORTED', (await engine.verify(id)).result)
})

test('two verifications of one backup do not run side by side', async t => {
  const { engine, faults, create } = await testEngine(t)
  const { id } = await create()
  const pause = faults.pause('inspector.inspect')
  const { job, result } = await engine.verify(id)
  assert.deepEqual((await rejectsWith('BACKUP_BUSY', engine.verify(id))).details, { jobId: job.id })
  pause.go()
  await result
})

test('what is not there cannot be verified', async t => {
  const { engine, faults, create } = await testEngine(t, { type: 'scheduled', settings: { maxBackups: 1 } })
  await create()
  await create()
  await rejectsWith('BACKUP_DELETED', engine.verify(1))
  await rejectsWith('BACKUP_NOT_FOUND', engine.verify(99))
  faults.fail('source.probe', { error: new BackupError('SOURCE_MISSING', 'gone') })
  await rejectsWith('SOURCE_MISSING', create())
  await rejectsWith('BACKUP_NOT_COMPLETED', engine.verify(3))
  await rejectsWith('BACKUP_NOT_FOUND', engine.verifications(99))
})

test('all live backups are verified, oldest first, and one that went away meanwhile is passed over', async t => {
  const { engine, faults, deps, create } = await testEngine(t)
  for (let n = 0; n < 4; n++) await create()
  await (await engine.remove(1, { force: false })).result
  faults.meanwhile('inspector.inspect', async () => {
    await deps.catalog.backups.remove(3, deps.clock.now())
  })
  const { results } = await (await engine.verifyAll({})).result
  assert.deepEqual(results.map(({ backup, verification }) => [backup.id, verification.valid]), [[2, true], [4, true]])
})

test('a backup that cannot be judged is told, and keeps none of the newer ones from its turn', async t => {
  const { engine, deps, faults, create } = await testEngine(t)
  const made = await create()
  for (let n = 0; n < 4; n++) await create()
  const manifest = await deps.catalog.backups.manifest(made.id)
  assert.ok(manifest !== undefined)
  const foreign = { ...manifest, id: 9, source: { ...manifest.source, kind: 'x' } }
  await deps.store.put('foreign.db', await deps.store.get(made.key, undefined, never), {}, never)
  await deps.catalog.backups.adopt(foreign, {
    key: 'foreign.db',
    copy: landingCopy(deps.store, 'foreign.db', foreign),
    hasLanded: true,
    trashedAt: null,
    neverDeleted: false,
    foreignInstance: null
  })
  for (const [id, code] of [[2, 'DISK_FULL'], [3, 'KEY_MISSING'], [4, 'STORE_FAILED']] as const) {
    faults.fail('backups.manifest', { on: new RegExp(`^${id}$`), error: new BackupError(code, 'it cannot be judged') })
  }
  const { results, failures } = await (await engine.verifyAll({})).result
  assert.deepEqual(results.map(({ backup, verification }) => [backup.id, verification.valid]), [[1, true], [5, true]])
  assert.deepEqual(failures.map(({ backupId, error }) => [backupId, error.code]), [
    [2, 'DISK_FULL'],
    [3, 'KEY_MISSING'],
    [4, 'STORE_FAILED'],
    [9, 'METHOD_UNSUPPORTED']
  ])
})

test('all backups of one source, or since an instant, are verified', async t => {
  const { engine, clock, create } = await testEngine(t, {
    sources: [new MemorySource('shop'), new MemorySource('bank')]
  })
  await create()
  await create({ source: 'bank' })
  const since = new Date(clock.now().getTime() + 1)
  await create()
  const ids = async (request: Parameters<typeof engine.verifyAll>[0]): Promise<number[]> =>
    (await (await engine.verifyAll(request)).result).results.map(({ backup }) => backup.id)
  assert.deepEqual([await ids({ source: 'shop' }), await ids({ since }), await ids({ source: 'bank', since })], [
    [1, 3],
    [3],
    []
  ])
  await rejectsWith('SOURCE_NOT_FOUND', engine.verifyAll({ source: 'attic' }))
})

test('more backups than fit on a page are all verified', { timeout: 60_000 }, async t => {
  const { engine, deps, create, directory } = await testEngine(t)
  const { id } = await create({ verify: false })
  // Where every one of the newest is gone, the store is taken for lost.
  writeFileSync(join(directory, 'missing-501.db'), '')
  const manifest = (await deps.catalog.backups.manifest(id))!
  for (let n = 2; n <= 501; n++) {
    await deps.catalog.backups.adopt({ ...manifest, id: n }, {
      key: `missing-${n}.db`,
      copy: landingCopy(deps.store, `missing-${n}.db`, manifest),
      hasLanded: true,
      trashedAt: null,
      neverDeleted: false,
      foreignInstance: null
    })
  }
  const { results } = await (await engine.verifyAll({})).result
  assert.deepEqual([
    results.length,
    results.filter(({ verification }) => verification.valid).length,
    results[0]?.backup.id
  ], [501, 1, 1])
})

test('a verification of all waits for one that another job verifies, and ends when it is cancelled', {
  timeout: 10_000
}, async t => {
  const { engine, faults, create } = await testEngine(t, { maxConcurrent: 1 })
  await create()
  await create()
  const pause = faults.pause('inspector.inspect')
  const all = await engine.verifyAll({})
  await pause.reached
  const one = await engine.verify(2)
  pause.go()
  assert.equal((await all.result).results.length, 2)
  await one.result
  const again = faults.pause('inspector.inspect')
  const cancelled = await engine.verifyAll({})
  const outcome = rejectsWith('CANCELLED', cancelled.result)
  await again.reached
  const ended = engine.cancel(cancelled.job.id)
  again.go()
  await Promise.all([ended, outcome])
})

test('a second verification of all backups of a source is refused with the id of the first', async t => {
  const { engine, faults, create } = await testEngine(t)
  await create()
  const pause = faults.pause('inspector.inspect')
  const { job, result } = await engine.verifyAll({})
  await pause.reached
  for (const source of [undefined, 'shop']) {
    assert.deepEqual((await rejectsWith('BACKUP_IN_PROGRESS', engine.verifyAll({ source }))).details, { jobId: job.id })
  }
  pause.go()
  await result
  await (await engine.verifyAll({ source: 'shop' })).result
})

test('between two backups a verification of all leaves its slot to whoever waits for one', async t => {
  const bench = await testEngine(t, { maxConcurrent: 1 })
  await bench.create()
  await bench.create()
  const pause = bench.faults.pause('inspector.inspect')
  const all = await bench.engine.verifyAll({})
  await pause.reached
  const order: string[] = []
  const other = await bench.deps.runner.start(
    { kind: 'verify', source: 'other', backupId: null, locks: [] },
    async () => {
      order.push('other')
    }
  )
  pause.go()
  await Promise.all([
    other.result,
    all.result.then(() => {
      order.push('all')
    })
  ])
  assert.deepEqual(order, ['other', 'all'])
})
