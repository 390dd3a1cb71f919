import assert from 'node:assert/strict'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { housekeep } from '../../../src/engine/recovery/housekeep.ts'
import { holderOf, evictLocal, evictionSweep, evictWhenCopied } from '../../../src/engine/retention/evict.ts'
import { filesOf, testEngine, type TestEngine, type TestEngineOptions } from '../../support/engine/engine.ts'
import { testOffsite, type TestOffsite } from '../../support/stores/offsite.ts'
import { rejectsWith } from '../../support/rejects.ts'

interface Made extends TestEngine {
  readonly far: TestOffsite
  /** Takes the object of a backup out of a store. Returns how to put it back. */
  readonly takeAway: (store: string, key: string) => () => void
}

async function make (
  t: TestContext,
  options: TestEngineOptions = {},
  stores: Parameters<typeof testOffsite>[1] = { far: {} }
): Promise<Made> {
  const far = await testOffsite(t, stores)
  const takeAway = (store: string, key: string): () => void => {
    const path = join(far.directories[store] ?? '', key)
    renameSync(path, `${path}.away`)
    return () => {
      renameSync(`${path}.away`, path)
    }
  }
  return { ...await testEngine(t, { offsite: far.offsite, ...options }), far, takeAway }
}

/** The same engine whose source keeps nothing on this disk from now on. */
function releasing ({ deps }: Made): Made['deps'] {
  return {
    ...deps,
    sources: new Map(
      [...deps.sources].map(([name, one]) => [name, { ...one, policy: { ...one.policy, keepLocal: false } }])
    )
  }
}

function failures ({ events }: Made): unknown[] {
  return events.flatMap(event => event.type === 'operation.failed' ? [[event.operation, event.code]] : [])
}

test('the landing store lets go of nothing that the other store turns out not to have', async t => {
  const bench = await make(t)
  const { id, key } = await bench.create({ upload: true })
  const released = releasing(bench)
  const putBack = bench.takeAway('far', key)
  await evictWhenCopied(released, id)
  assert.deepEqual(bench.files(), filesOf({ key }))
  putBack()
  await evictWhenCopied(released, id)
  assert.deepEqual(bench.files(), [])
})

test('what a release that was cut short left in the landing store is swept', async t => {
  const made = await make(t, { policies: { shop: { keepLocal: false } } })
  const backup = await made.create()
  made.faults.fail('store.remove', { error: new Error('killed') })
  await assert.rejects((await made.engine.upload(backup.id, {})).result)
  assert.deepEqual(made.files(), filesOf(backup))
  assert.deepEqual((await made.engine.backup(backup.id)).copies.map(({ store }) => store), ['far'])
  await housekeep(made.deps)
  assert.deepEqual(made.files(), [])
})

test('a release takes the object out of the landing store, and the row has the place of the copy', async t => {
  const bench = await make(t)
  const backup = await bench.create({ upload: true })
  const released = await evictLocal(bench.deps, backup)
  assert.deepEqual([bench.files(), released.copies.map(({ store }) => store), released.filePath], [
    [],
    ['far'],
    join(bench.far.directories['far']!, backup.key)
  ])
  assert.deepEqual(bench.events.flatMap(event => event.type === 'backup.evicted' ? [event.backup.id] : []), [
    backup.id
  ])
  assert.deepEqual(await bench.engine.backup(backup.id), released)
})

test('the holder of a backup is the first store that has the object with its length, when it is asked', async t => {
  const bench = await make(t, {}, { far: {}, near: {} })
  const backup = await bench.create({ upload: true })
  const holder = async (among?: Parameters<typeof holderOf>[2]): Promise<string | undefined> =>
    (await holderOf(bench.deps, backup, among))?.store.name
  assert.equal(await holder(), 'far')
  assert.equal(await holder(({ store }) => store.name !== 'far'), 'near')
  bench.takeAway('far', backup.key)
  writeFileSync(join(bench.far.directories['far']!, backup.key), 'shorter')
  assert.equal(await holder(), 'near')
  bench.takeAway('near', backup.key)
  assert.equal(await holder(), undefined)
  assert.deepEqual(failures(bench), [])
})

test('a store that cannot be asked whether it holds a backup is reported, and the next one is asked', async t => {
  const bench = await make(t, {}, { far: {}, near: {} })
  const backup = await bench.create({ upload: true })
  bench.far.faults.fail('far.stat', { error: new BackupError('STORE_UNAVAILABLE', 'it is down') })
  assert.equal((await holderOf(bench.deps, backup))?.store.name, 'near')
  assert.deepEqual(failures(bench), [['evict', 'STORE_UNAVAILABLE']])
})

test('nothing is released while a copy is still to come, where the source keeps its backups here, or while another job is at work on the backup', async t => {
  const bench = await make(t, {}, { far: {}, near: {} })
  const { id, key } = await bench.create()
  const deps = releasing(bench)
  await (await bench.engine.upload(id, { store: 'far' })).result
  await evictWhenCopied(deps, id)
  await (await bench.engine.upload(id, { store: 'near' })).result
  await evictWhenCopied(bench.deps, id)
  const lock = await bench.deps.runner.locks.lock([`backup:${id}`])
  await evictWhenCopied(deps, id)
  assert.deepEqual(bench.files(), filesOf({ key }))
  await lock.release()
  await evictWhenCopied(deps, id)
  assert.deepEqual([bench.files(), [...await bench.deps.runner.locks.names()]], [[], []])
})

test('a sweep throws its first error after it has looked at the others, and what failed has its turn in the next round', async t => {
  const bench = await make(t)
  const [first, second] = [await bench.create({ upload: true }), await bench.create({ upload: true })]
  bench.faults.fail('store.remove', {
    error: new BackupError('STORE_FAILED', 'the disk died'),
    on: new RegExp(`^${second.key}$`)
  })
  const sweep = evictionSweep(releasing(bench))
  await rejectsWith('STORE_FAILED', sweep())
  assert.deepEqual(bench.files(), [second.key])
  await sweep()
  assert.deepEqual([bench.files(), (await bench.engine.backup(first.id)).copies.map(({ store }) => store)], [[], [
    'far'
  ]])
})
