import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { makeEngine } from '../../../src/engine/make-engine.ts'
import { filesOf, testEngine, type TestEngine, type TestEngineOptions } from '../../support/engine/engine.ts'
import { testOffsite, type TestOffsite } from '../../support/stores/offsite.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { bodyOf, until } from '../../support/streams.ts'

const DOWN = new BackupError('STORE_UNAVAILABLE', 'it is down')

async function make (
  t: TestContext,
  stores: Parameters<typeof testOffsite>[1] = { far: {} },
  options: TestEngineOptions = {}
): Promise<TestEngine & { far: TestOffsite }> {
  const far = await testOffsite(t, stores)
  return { ...await testEngine(t, { offsite: far.offsite, ...options }), far }
}

async function upload ({ engine }: Pick<TestEngine, 'engine'>, id: number, store?: string) {
  return await (await engine.upload(id, { store })).result
}

test('a new backup is promised to every store, and an upload brings it there, manifest and all', async t => {
  const made = await make(t, { far: {}, near: {} })
  const backup = await made.create()
  assert.deepEqual(backup.copies.map(({ store, status }) => [store, status]), [
    ['far', 'pending'],
    ['local', 'stored'],
    ['near', 'pending']
  ])
  const copied = await upload(made, backup.id)
  assert.deepEqual(
    copied.copies.map(({ store, status, size }) => [store, status, size]),
    ['far', 'local', 'near'].map(store => [store, 'stored', backup.size])
  )
  for (const store of ['far', 'near']) {
    assert.deepEqual(made.far.files(store), filesOf(backup))
    for (const file of filesOf(backup)) {
      assert.deepEqual(readFileSync(join(made.far.directories[store]!, file)), readFileSync(join(made.directory, file)))
    }
  }
})

test('what a store has already is left as it is', async t => {
  const made = await make(t)
  const backup = await made.create()
  const first = await upload(made, backup.id)
  made.clock.move(60_000)
  made.far.faults.meanwhile('far.get', () => {}, new RegExp(`^${backup.key}$`))
  await upload(made, backup.id)
  const puts = made.events.filter(event => event.type === 'copy.stored').length
  assert.deepEqual([made.far.files('far'), puts, first.copies[0]?.status], [filesOf(backup), 2, 'stored'])
})

test('a store that is down delays its copy alone, which says why and when it is tried again', async t => {
  const made = await make(t, { far: {}, near: {} })
  const backup = await made.create()
  made.far.faults.fail('far.put', { error: DOWN })
  await rejectsWith('STORE_UNAVAILABLE', upload(made, backup.id))
  const [far, , near] = (await made.engine.backup(backup.id)).copies
  assert.deepEqual([far?.status, far?.attempts, far?.error, far?.nextAttemptAt], [
    'failed',
    1,
    'it is down',
    new Date(made.clock.now().getTime() + 60_000)
  ])
  assert.deepEqual([near?.status, made.far.files('far')], ['stored', []])
  assert.deepEqual(
    made.events.filter(({ type }) => type.startsWith('copy.')).map(
      event => [event.type, 'store' in event && event.store]
    ),
    [['copy.failed', 'far'], ['copy.stored', 'near']]
  )
})

test('the waits between attempts grow to an hour, and a success begins anew', async t => {
  const made = await make(t)
  const { id } = await made.create()
  const waits: number[] = []
  for (let n = 0; n < 5; n++) {
    made.far.faults.fail('far.put', { error: DOWN })
    await rejectsWith('STORE_UNAVAILABLE', upload(made, id))
    const [copy] = (await made.engine.backup(id)).copies
    waits.push((copy!.nextAttemptAt!.getTime() - made.clock.now().getTime()) / 60_000)
  }
  assert.deepEqual(waits, [1, 5, 15, 60, 60])
  assert.deepEqual(
    (await upload(made, id)).copies.map(({ attempts, error, nextAttemptAt }) => [attempts, error, nextAttemptAt])[0],
    [0, null, null]
  )
})

test('a copy that was cut short after the object is completed by the next attempt', async t => {
  const made = await make(t)
  const backup = await made.create()
  made.far.faults.fail('far.put', { error: DOWN, on: /manifest\.json$/ })
  await rejectsWith('STORE_UNAVAILABLE', upload(made, backup.id))
  assert.deepEqual(made.far.files('far'), [backup.key])
  assert.equal((await upload(made, backup.id)).copies[0]?.status, 'stored')
  assert.deepEqual(made.far.files('far'), filesOf(backup))
})

test('a put whose answer was lost is found to have happened', async t => {
  const made = await make(t)
  const backup = await made.create()
  made.far.faults.fail('far.put', { error: DOWN, when: 'after' })
  await rejectsWith('STORE_UNAVAILABLE', upload(made, backup.id))
  assert.equal((await upload(made, backup.id)).copies[0]?.status, 'stored')
})

test('another object of the name is never overwritten, nor taken for the copy', async t => {
  const made = await make(t)
  const backup = await made.create()
  const path = join(made.far.directories['far']!, backup.key)
  writeFileSync(path, Buffer.alloc(backup.size!, 'x'))
  await rejectsWith('OBJECT_EXISTS', upload(made, backup.id))
  const [copy] = (await made.engine.backup(backup.id)).copies
  assert.deepEqual([copy?.status, readFileSync(path, 'latin1').slice(0, 3)], ['failed', 'xxx'])
})

test('a store that gives back other bytes than it was sent does not count as holding a copy, and its object is removed', async t => {
  const made = await make(t)
  const backup = await made.create()
  const { store } = made.far.offsite.get('far')!
  const lying: typeof store = {
    ...store,
    get: async (key, range, signal) =>
      key === backup.key && range !== undefined
        ? bodyOf(Buffer.alloc(range.end - range.start + 1))
        : await store.get(key, range, signal)
  }
  const offsite = new Map([['far', { ...made.far.offsite.get('far')!, store: lying }]])
  await rejectsWith('CHECKSUM_MISMATCH', upload(testEngineWith(made, offsite), backup.id))
  assert.deepEqual([(await made.engine.backup(backup.id)).copies[0]?.status, made.far.files('far')], ['failed', []])
})

test('a store that tells another length does not count as holding a copy', async t => {
  const made = await make(t)
  const backup = await made.create()
  const { store } = made.far.offsite.get('far')!
  const lying: typeof store = { ...store, stat: async (key, signal) => ({ ...await store.stat(key, signal), size: 1 }) }
  await rejectsWith(
    'CHECKSUM_MISMATCH',
    upload(testEngineWith(made, new Map([['far', { ...made.far.offsite.get('far')!, store: lying }]])), backup.id)
  )
})

test('an artifact that rotted where it landed is not copied', async t => {
  const made = await make(t)
  const backup = await made.create()
  writeFileSync(join(made.directory, backup.key), Buffer.alloc(backup.size!))
  await rejectsWith('CHECKSUM_MISMATCH', upload(made, backup.id))
  assert.deepEqual(made.far.files('far'), [])
})

test('a store that is named twice over is asked once, and one that there is not is named with those that there are', async t => {
  const made = await make(t)
  const { id } = await made.create()
  await assert.rejects(upload(made, id, 'nowhere'), { code: 'STORE_NOT_FOUND', hint: 'There is "far".' })
  assert.equal((await upload(made, id, 'far')).copies[0]?.status, 'stored')
})

test('a backup that is in the trash is not copied', async t => {
  const made = await make(t)
  const [first] = [await made.create(), await made.create()]
  await (await made.engine.remove(first.id, { force: false })).result
  await rejectsWith('BACKUP_DELETED', upload(made, first.id))
})

test('of two uploads of one copy the second is refused, and one of the service itself waits for the first', async t => {
  const made = await make(t)
  const { id } = await made.create()
  const pause = made.far.faults.pause('far.put')
  const { job, result: first } = await made.engine.upload(id, {})
  await pause.reached
  assert.deepEqual((await rejectsWith('BACKUP_BUSY', made.engine.upload(id, { store: 'far' }))).details, {
    jobId: job.id
  })
  const { result: second } = await made.engine.upload(id, { isOwn: true })
  pause.go()
  assert.deepEqual((await Promise.all([first, second])).map(({ copies }) => copies[0]?.status), ['stored', 'stored'])
})

test('an upload takes no place from backups', async t => {
  const made = await make(t, { far: {} }, { maxConcurrent: 1 })
  const { id } = await made.create()
  const pause = made.far.faults.pause('far.put')
  const uploaded = upload(made, id)
  await pause.reached
  await made.create()
  pause.go()
  await uploaded
})

test('a cancelled upload waits for nobody, and leaves nothing behind', async t => {
  const made = await make(t)
  const { id } = await made.create()
  const pause = made.far.faults.pause('far.put')
  const work = await made.engine.upload(id, {})
  await pause.reached
  const cancelled = made.engine.cancel(work.job.id)
  pause.go()
  await cancelled
  await rejectsWith('CANCELLED', work.result)
  const [copy] = (await made.engine.backup(id)).copies
  assert.deepEqual([copy?.status, copy?.nextAttemptAt, made.far.files('far')], [
    'failed',
    new Date(made.clock.now().getTime() + 6 * 3_600_000),
    []
  ])
})

test('a create that is to upload answers when the copies are there, and says so where they are not', async t => {
  const made = await make(t)
  assert.equal((await made.create({ upload: true })).copies[0]?.status, 'stored')
  made.far.faults.fail('far.put', { error: DOWN })
  await assert.rejects(made.create({ upload: true }), {
    code: 'STORE_UNAVAILABLE',
    message: 'backup 2 was made, but not all of its copies: it is down',
    details: { backupId: 2 }
  })
  assert.equal((await made.engine.backup(2)).status, 'completed')
})

test('a create that is to upload is refused where there is no other store, before anything is done', async t => {
  const { create, engine } = await testEngine(t)
  await rejectsWith('STORE_NOT_FOUND', create({ upload: true }))
  assert.equal((await engine.backups({ limit: 1 })).count, 0)
})

test('a source is copied to the stores that it names, and to no other', async t => {
  const made = await make(t, { far: {}, near: {} }, { policies: { shop: { stores: ['near'] } } })
  const { copies } = await made.create()
  assert.deepEqual(copies.map(({ store }) => store), ['local', 'near'])
})

test('a bandwidth is kept to, by the clock', async t => {
  const made = await make(t, { far: { bandwidth: 50_000 } })
  const { id } = await made.create()
  const startedAt = made.clock.now().getTime()
  const uploaded = upload(made, id)
  let isDone = false
  const done = uploaded.finally(() => {
    isDone = true
  })
  await until(() => {
    made.clock.moveToNext()
    return isDone
  })
  await done
  const seconds = (made.clock.now().getTime() - startedAt) / 1000
  assert.ok(seconds >= 1.8, `${seconds} s for 100,000 bytes`)
})

/** The same engine and catalog with other stores. */
function testEngineWith (made: TestEngine, offsite: TestEngine['deps']['offsite']): Pick<TestEngine, 'engine'> {
  return { engine: makeEngine({ ...made.deps, offsite }) }
}

test('a body that the landing store breaks off midway leaves nothing in the other', async t => {
  const made = await make(t)
  const backup = await made.create()
  made.faults.fail('store.get', { error: new BackupError('STORE_FAILED', 'the disk gave up'), when: 40_000 })
  await rejectsWith('STORE_FAILED', upload(made, backup.id))
  assert.deepEqual(made.far.files('far'), [])
})
