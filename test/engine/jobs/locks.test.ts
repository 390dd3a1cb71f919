import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import {
  backupLock,
  conflict,
  copyLock,
  Locks,
  retentionLock,
  sourceLock,
  uploadLock,
  verifyAllLock
} from '../../../src/engine/jobs/locks.ts'
import { addJob, newCatalog, openBeside } from '../../support/catalog/catalog.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { Faults, faulty } from '../../support/faults.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never, until } from '../../support/streams.ts'

test('a source that is claimed by a job without a number yet is busy all the same', async t => {
  const { deps } = await testEngine(t)
  const lock = await deps.runner.locks.lock(['source:a'])
  assert.equal((await rejectsWith('BACKUP_IN_PROGRESS', deps.runner.locks.lock(['source:a']))).details, undefined)
  await lock.release()
  await lock.release()
  await (await deps.runner.locks.lock(['source:a'])).release()
})

/** The holds of this process, and of another one on the same catalog. */
async function holds (t: TestContext) {
  const faults = new Faults()
  t.after(() => {
    faults.allUsed()
  })
  const { path, clock } = await newCatalog(t)
  const [one, two] = [await openBeside(t, path, 'one'), await openBeside(t, path, 'two')]
  const { id: jobId } = await addJob(two, {
    kind: 'create',
    source: 'a',
    backupId: null,
    leases: [],
    createdAt: clock.now()
  })
  return {
    jobId,
    faults,
    clock,
    ours: new Locks(faulty('leases', one.leases, faults), clock),
    theirs: new Locks(two.leases, clock)
  }
}

test('all of several names are taken, or none', async t => {
  const { ours, theirs } = await holds(t)
  const lock = await ours.lock(['source:a', 'backup:1'])
  await rejectsWith('BACKUP_BUSY', ours.lock(['source:b', 'backup:1']))
  assert.deepEqual([...await ours.names()].toSorted(), ['backup:1', 'source:a'])
  await (await theirs.lock(['source:b'])).release()
  await lock.release()
  assert.deepEqual([...await ours.names()], [])
})

test('what another process holds is in the way, with the id of its job, and is among the names', async t => {
  const { ours, theirs, jobId } = await holds(t)
  const lock = await theirs.lock(['source:a'], jobId)
  assert.deepEqual((await rejectsWith('BACKUP_IN_PROGRESS', ours.lock(['backup:1', 'source:a']))).details, { jobId })
  assert.deepEqual([...await ours.names()], ['source:a'])
  assert.equal(await ours.tryLock(['source:a']), undefined)
  await lock.release()
  await (await ours.lock(['source:a'])).release()
})

test('tryClaim passes over a conflict alone: what the catalog fails with is thrown, and nothing is held then', async t => {
  const { ours, faults } = await holds(t)
  faults.fail('leases.take', { error: new BackupError('CATALOG_BUSY', 'another process holds it') })
  await rejectsWith('CATALOG_BUSY', ours.tryLock(['source:a']))
  const lock = await ours.tryLock(['source:a'])
  assert.notEqual(lock, undefined)
  assert.equal(await ours.tryLock(['source:a']), undefined)
  await lock?.release()
})

test('a reservation names the job that owns it, and its second release does not free what another has taken since', async t => {
  const { ours } = await holds(t)
  const localLock = ours.lockHere(['source:a'])
  assert.throws(
    () => ours.lockHere(['source:a']),
    (error: unknown) => error instanceof BackupError && error.details === undefined
  )
  localLock.ownedBy(5)
  assert.throws(() => ours.lockHere(['source:a']), { code: 'BACKUP_IN_PROGRESS', details: { jobId: 5 } })
  localLock.release()
  const next = ours.lockHere(['source:a'], 6)
  localLock.release()
  assert.throws(() => ours.lockHere(['source:a']), { details: { jobId: 6 } })
  next.release()
})

test('who waits for a name of this process has it once it is given back, without a look at the clock', async t => {
  const { ours, clock, jobId } = await holds(t)
  const lock = await ours.lock(['source:a'])
  let isThere = false
  const waiting = ours.lockWhenFree(['source:a'], jobId, never).finally(() => {
    isThere = true
  })
  await new Promise(setImmediate)
  assert.equal(isThere, false)
  await lock.release()
  const second = await waiting
  assert.equal(clock.sleeping, 0)
  await second.release()
})

test('who waits for a name of another process looks again in half a second', async t => {
  const { ours, theirs, clock, jobId } = await holds(t)
  const lock = await theirs.lock(['source:a'])
  const waiting = ours.lockWhenFree(['source:a'], jobId, never)
  await until(() => clock.sleeping === 1)
  await lock.release()
  clock.move(499)
  assert.equal(clock.sleeping, 1)
  clock.move(1)
  await (await waiting).release()
})

test('an aborted signal ends the waiting with its reason, and nothing is held', async t => {
  const { ours, theirs, clock, jobId } = await holds(t)
  const cancelled = new BackupError('CANCELLED', 'the job was cancelled')
  for (const holder of [ours, theirs]) {
    const lock = await holder.lock(['source:a'])
    const abort = new AbortController()
    const waiting = rejectsWith('CANCELLED', ours.lockWhenFree(['source:a'], jobId, abort.signal))
    if (holder === theirs) await until(() => clock.sleeping === 1)
    else await new Promise(setImmediate)
    abort.abort(cancelled)
    await waiting
    await lock.release()
  }
  assert.deepEqual([...await ours.names()], [])
})

test('a lease that could not be given back is free in this process, and given back by settle', async t => {
  const { ours, theirs, faults } = await holds(t)
  const [lost, kept] = [await ours.lock(['source:a']), await ours.lock(['source:b'])]
  faults.fail('leases.release', { error: new BackupError('CATALOG_BUSY', 'another process holds it') })
  await lost.release()
  await rejectsWith('BACKUP_IN_PROGRESS', theirs.lock(['source:a']))
  await ours.settle()
  await (await theirs.lock(['source:a'])).release()
  await rejectsWith('BACKUP_IN_PROGRESS', theirs.lock(['source:b']))
  await kept.release()
})

for (
  const [name, code, message] of [
    [sourceLock('shop'), 'BACKUP_IN_PROGRESS', 'another job is running on the source "shop"'],
    [retentionLock('shop'), 'BACKUP_IN_PROGRESS', 'another job is running on the source "shop"'],
    [verifyAllLock('shop'), 'BACKUP_IN_PROGRESS', 'another job is verifying the backups of the source "shop"'],
    [backupLock(3), 'BACKUP_BUSY', 'another job is using backup 3'],
    [copyLock(3, 'far'), 'BACKUP_BUSY', 'another job is using the copy of backup 3 in "far"'],
    [uploadLock(3, 'a:b'), 'BACKUP_BUSY', 'another job is using the copy of backup 3 in "a:b"']
  ] as const
) {
  test(`the conflict over "${name}" is ${code}, and names what is held`, () => {
    const error = conflict(name, 9)
    assert.deepEqual([error.code, error.message, error.details], [code, message, { jobId: 9 }])
    assert.equal(conflict(name, null).details, undefined)
  })
}
