import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import type { Archived, Store } from '../../../src/core/ports/store.ts'
import {
  hasLanded,
  homeOf,
  offsiteKey,
  locationsOf,
  promisedCopies,
  promisedStores,
  readableLocation,
  requireOffsite,
  requireOwnStore,
  requirePromised
} from '../../../src/engine/artifacts/locations.ts'
import { backupOf } from '../../support/builders/backup.ts'
import { localCopy } from '../../support/catalog/catalog.ts'
import { testEngine, type TestEngine, type TestEngineOptions } from '../../support/engine/engine.ts'
import { testOffsite, type TestOffsite } from '../../support/stores/offsite.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never } from '../../support/streams.ts'

async function bench (
  t: TestContext,
  options: TestEngineOptions = {}
): Promise<TestEngine & { readonly far: TestOffsite }> {
  const far = await testOffsite(t, { far: {}, near: {} })
  return { ...await testEngine(t, { offsite: far.offsite, ...options }), far }
}

test('an object in the trash has its own name alone in another store', () => {
  assert.deepEqual(['a.db', 'trash/a.db'].map(key => offsiteKey({ key })), ['a.db', 'a.db'])
})

test('the stores of a source are all, or those that it names; of one that is not configured there are none', async t => {
  const names = ({ deps }: TestEngine, source: string): string[] =>
    promisedStores(deps, source).map(({ store }) => store.name)
  const [all, some] = [await bench(t), await bench(t, { policies: { shop: { stores: ['near'] } } })]
  assert.deepEqual([names(all, 'shop'), names(some, 'shop'), names(all, 'attic')], [['far', 'near'], ['near'], []])
  assert.deepEqual(requirePromised(some.deps, 'shop').map(({ store }) => store.name), ['near'])
  assert.throws(() => requirePromised(all.deps, 'attic'), { code: 'STORE_NOT_FOUND', message: /"attic"/ })
  const { deps } = await testEngine(t)
  assert.throws(() => requirePromised(deps, 'shop'), { code: 'STORE_NOT_FOUND', hint: /BACKUP_S3_BUCKET/ })
})

test('a backup that has landed is still to get a copy in each of its stores', async t => {
  const { deps, far } = await bench(t)
  const copies = promisedCopies(deps, 'shop', 'trash/a.db')
  assert.deepEqual(
    copies.map(({ store, location, status, size, attempts }) => [store, location, status, size, attempts]),
    ['far', 'near'].map(name => [name, join(far.directories[name]!, 'a.db'), 'pending', null, 0])
  )
})

test('a store is found by its name; the error names those that there are, and those of the source', async t => {
  const { deps } = await bench(t, { policies: { shop: { stores: ['near'] } } })
  assert.equal(requireOffsite(deps, 'far').store.name, 'far')
  assert.throws(() => requireOffsite(deps, 'vault'), { code: 'STORE_NOT_FOUND', hint: 'There is "far", "near".' })
  assert.equal(requireOwnStore(deps, 'shop', 'near').store.name, 'near')
  assert.throws(() => requireOwnStore(deps, 'shop', 'far'), {
    code: 'STORE_NOT_OF_SOURCE',
    hint: 'Choose one of its stores: near.'
  })
  assert.throws(() => requireOwnStore(deps, 'attic', 'far'), {
    code: 'STORE_NOT_OF_SOURCE',
    hint: /Add the store to "stores" of the source "attic"/
  })
  assert.throws(() => requireOwnStore(deps, 'shop', 'vault'), { code: 'STORE_NOT_FOUND' })
  const { deps: alone } = await testEngine(t)
  assert.throws(() => requireOffsite(alone, 'vault'), { code: 'STORE_NOT_FOUND', hint: /BACKUP_S3_BUCKET/ })
})

test('the places of a backup are the landing store, then the stores with a stored copy, remembered ones among them', async t => {
  const { deps, far } = await bench(t)
  deps.externalStores.set('disk', far.offsite.get('far')!.store)
  const key = 'trash/a.db'
  const copy = (store: string, status: 'stored' | 'pending' | 'missing' = 'stored') => localCopy(key, { store, status })
  const places = (...copies: ReturnType<typeof copy>[]): unknown =>
    locationsOf(deps, backupOf(1, { key, copies })).map(({ store, key }) => [store.name, key])
  assert.deepEqual(places(copy('disk'), copy('near'), copy('local')), [['local', 'trash/a.db'], ['far', 'a.db'], [
    'near',
    'a.db'
  ]])
  assert.deepEqual(places(copy('far', 'pending'), copy('near'), copy('local', 'missing'), copy('unknown')), [[
    'near',
    'a.db'
  ]])
  assert.deepEqual(hasLanded(deps, { copies: [copy('near'), copy('local', 'missing')] }), false)
  assert.deepEqual(hasLanded(deps, { copies: [copy('near'), copy('local')] }), true)
  assert.equal(homeOf(deps, { key, copies: [copy('near')] }).store.name, 'near')
  assert.deepEqual(homeOf(deps, { key, copies: [] }), { store: deps.store, key })
})

/** A backup in three stores. */
async function everywhere (t: TestContext) {
  const made = await bench(t)
  const backup = await made.create({ upload: true })
  const directories: Readonly<Record<string, string>> = { local: made.directory, ...made.far.directories }
  return {
    ...made,
    backup,
    takeAway: (name: string): void => {
      rmSync(join(directories[name]!, backup.key))
    },
    place: async () => (await readableLocation(made.deps, backup, never)).store.name
  }
}

test('an object is read from the nearest place that has it and answers', async t => {
  const { far, takeAway, place } = await everywhere(t)
  assert.equal(await place(), 'local')
  takeAway('local')
  assert.equal(await place(), 'far')
  far.faults.fail('far.stat', { error: new BackupError('STORE_UNAVAILABLE', 'it is down') })
  assert.equal(await place(), 'near')
})

test('where no place can give the object, the failure of the last is thrown; where each says that it is not there, the nearest is returned', async t => {
  const { far, takeAway, place } = await everywhere(t)
  takeAway('local')
  takeAway('near')
  far.faults.fail('far.stat', { error: new BackupError('STORE_UNAVAILABLE', 'it is down') })
  await rejectsWith('STORE_UNAVAILABLE', place())
  takeAway('far')
  assert.equal(await place(), 'local')
})

test('an object in cold storage is OBJECT_ARCHIVED with the hours that it takes, unless another place has it', async t => {
  const { deps, far, backup, takeAway } = await everywhere(t)
  const cold = (store: Store, archived: Archived): Store => ({
    ...store,
    stat: async (key, signal) => ({ ...await store.stat(key, signal), archived })
  })
  const archived = { storageClass: 'DEEP', isThawing: false, hours: 12 }
  const place = async (given: Archived) => {
    const offsite = new Map(
      [...far.offsite].map(([name, one]) => [name, name === 'far' ? { ...one, store: cold(one.store, given) } : one])
    )
    return await readableLocation({ ...deps, offsite }, backup, never)
  }
  takeAway('local')
  assert.equal((await place(archived)).store.name, 'near')
  takeAway('near')
  const asked = await rejectsWith('OBJECT_ARCHIVED', place(archived))
  assert.deepEqual([asked.details, asked.hint], [
    { hours: 12 },
    'Request a thaw with "thaw", which takes up to 12 hours, or use another backup.'
  ])
  const { message, hint } = await rejectsWith('OBJECT_ARCHIVED', place({ ...archived, isThawing: true }))
  assert.match(message, /"DEEP" and is being thawed$/)
  assert.match(hint ?? '', /already requested/)
})

test('an aborted signal ends the search', async t => {
  const { deps, far, backup, takeAway } = await everywhere(t)
  takeAway('local')
  const abort = new AbortController()
  const cancelled = new BackupError('CANCELLED', 'the job was cancelled')
  far.faults.meanwhile('far.stat', () => {
    abort.abort(cancelled)
  })
  await rejectsWith('CANCELLED', readableLocation(deps, backup, abort.signal))
})
