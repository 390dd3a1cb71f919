import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Backup } from '../../../src/core/backup/backup.ts'
import { withSignature, type Manifest } from '../../../src/core/backup/manifest.ts'
import { BackupError } from '../../../src/core/errors.ts'
import type { Store, StoredObject } from '../../../src/core/ports/store.ts'
import type { Rebuilt } from '../../../src/engine/engine.ts'
import { loadRemembered } from '../../../src/engine/recovery/external-stores.ts'
import { testEngine, type TestEngine, type TestEngineOptions } from '../../support/engine.ts'
import { MemorySource } from '../../support/memory-source.ts'
import { testOffsite, type TestOffsite } from '../../support/offsite.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { prose } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

interface Lost {
  readonly before: TestEngine
  readonly shop: MemorySource
  readonly stores: TestOffsite
  readonly backups: readonly Backup[]
  /** The URL of the store `far`. */
  readonly url: string
}

/** A service with two stores, which has copied two backups of "shop" and one of "bank" to both. */
async function lost (t: TestContext): Promise<Lost> {
  const stores = await testOffsite(t, { far: {}, vault: {} })
  const shop = new MemorySource('shop')
  const before = await testEngine(t, { sources: [shop, new MemorySource('bank')], offsite: stores.offsite })
  const backups = [await before.create({ upload: true }), await before.create({ source: 'bank', upload: true, compression: 'zstd' }), await before.create({ upload: true, compression: 'gzip' })]
  return { before, shop, stores, backups, url: `file://${stores.directories['far'] ?? ''}` }
}

async function rebuilt ({ engine }: TestEngine, from?: string, isListing = false): Promise<Rebuilt> {
  return await (await engine.rebuild({ from, isListing })).result
}

async function listed ({ engine }: TestEngine): Promise<readonly Backup[]> {
  return (await engine.backups({ limit: 100 })).backups
}

/** A machine on which there is nothing: neither a backup nor the source "shop". */
const empty = (t: TestContext, options: TestEngineOptions = {}): Promise<TestEngine> => testEngine(t, { sources: [new MemorySource('other')], ...options })

test('an empty machine knows every backup again from one store alone, and what the store holds of each source', async t => {
  const { backups, url } = await lost(t)
  const after = await empty(t)
  const { adopted, stores: [store] } = await rebuilt(after, url)
  const size = (...ids: readonly number[]): number => backups.filter(({ id }) => ids.includes(id)).reduce((sum, one) => sum + (one.size ?? 0), 0)
  assert.deepEqual([adopted, store?.added, store?.joined, store?.refused, store?.failure], [3, 3, 0, [], null])
  assert.deepEqual(store?.sources, [
    { source: 'bank', backups: 1, bytes: size(2), oldest: backups[1]?.startedAt, newest: backups[1]?.startedAt },
    { source: 'shop', backups: 2, bytes: size(1, 3), oldest: backups[0]?.startedAt, newest: backups[2]?.startedAt }
  ])
  const there = await listed(after)
  assert.deepEqual(there.map(({ id, source, key, checksum }) => [id, source, key, checksum]), backups.toReversed().map(({ id, source, key, checksum }) => [id, source, key, checksum]))
  assert.deepEqual(there.map(({ copies }) => copies.map(copy => [copy.store, copy.status])), [[['directory', 'stored']], [['directory', 'stored']], [['directory', 'stored']]])
  assert.deepEqual(there.map(({ filePath }) => filePath), there.map(({ copies: [copy] }) => copy?.location))
})

test('what is only listed is told, and neither entered nor remembered', async t => {
  const { url } = await lost(t)
  const after = await empty(t)
  assert.equal((await rebuilt(after, url, true)).adopted, 3)
  assert.deepEqual([await listed(after), await after.deps.catalog.places.list()], [[], []])
})

test('a place is remembered by the next process, until a store is configured there, which takes its copies over', async t => {
  const { stores, url } = await lost(t)
  const after = await empty(t)
  await rebuilt(after, url)
  after.deps.remembered.clear()
  assert.deepEqual([await loadRemembered(after.deps), [...after.deps.remembered.keys()]], [[], ['directory']])
  after.deps.remembered.clear()
  const configured = { ...after.deps, offsite: stores.offsite, locate: (given: string) => ({ ...after.deps.locate(given), known: stores.offsite.get('far')?.store }) }
  assert.deepEqual(await loadRemembered(configured), [])
  assert.deepEqual([after.deps.remembered.size, await after.deps.catalog.places.list()], [0, []])
  assert.deepEqual((await listed(after)).map(({ copies }) => copies.map(({ store }) => store)), [['far'], ['far'], ['far']])
})

test('a place that cannot be made a store of is told, and hinders no other', async t => {
  const { url } = await lost(t)
  const { deps } = await empty(t)
  await deps.catalog.places.remember({ name: 'a-cloud', url: 'cloud://bucket', since: new Date(0) }, [])
  await deps.catalog.places.remember({ name: 'disk', url, since: new Date(0) }, [])
  assert.deepEqual((await loadRemembered(deps)).map(({ place, error }) => [place.name, error.code]), [['a-cloud', 'VALIDATION_FAILED']])
  assert.deepEqual([...deps.remembered.keys()], ['disk'])
})

test('what names no store is refused before there is a job, and a place without anything is not remembered', async t => {
  const after = await empty(t)
  await rejectsWith('VALIDATION_FAILED', after.engine.rebuild({ from: 'bucket' }))
  assert.equal((await after.engine.jobs({ limit: 10 })).jobs.length, 0)
  const nothing = tempDir(t)
  writeFileSync(join(nothing, 'RESTORE.txt'), 'what to do')
  await rejectsWith('OBJECT_NOT_FOUND', rebuilt(after, `file://${nothing}`))
  await rejectsWith('STORE_UNAVAILABLE', rebuilt(after, `file://${nothing}/gone`))
  assert.deepEqual(await after.deps.catalog.places.list(), [])
})

test('the same backup in the landing store and in two others is one row with three copies', async t => {
  const { before, stores } = await lost(t)
  const after = await testEngine(t, { sources: [new MemorySource('shop')], directory: before.directory, offsite: stores.offsite })
  const { adopted, stores: told } = await rebuilt(after)
  assert.deepEqual([adopted, told.map(({ name, added, joined }) => [name, added, joined])], [3, [['local', 3, 0], ['far', 0, 3], ['vault', 0, 3]]])
  assert.deepEqual((await listed(after)).map(({ id, copies }) => [id, copies.map(({ store }) => store)]), [3, 2, 1].map(id => [id, ['far', 'local', 'vault']]))
  assert.deepEqual((await rebuilt(after)).stores.map(({ added, joined }) => added + joined), [0, 0, 0])
})

test('of two stores that disagree the first is believed, and the manifest in the other is refused', async t => {
  const { stores, backups } = await lost(t)
  const name = `${backups[0]?.key ?? ''}.manifest.json`
  const path = join(stores.directories['vault'] ?? '', name)
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest
  const forged = { ...manifest, object: { ...manifest.object, sha256: 'f'.repeat(64) } }
  writeFileSync(path, JSON.stringify(withSignature(forged, undefined)))
  const after = await empty(t, { offsite: stores.offsite })
  const [, far, vault] = (await rebuilt(after)).stores
  assert.deepEqual([far?.added, vault?.joined, vault?.refused], [3, 2, [{ key: name, reason: 'it describes another object than backup 1, which has its name' }]])
  assert.deepEqual((await after.engine.backup(1)).copies.map(({ store }) => store), ['far'])
})

test('damaged manifests, and those without their object, are refused with the reason; an object without manifest is nothing', async t => {
  const { stores, backups, url } = await lost(t)
  const at = (key = ''): string => join(stores.directories['far'] ?? '', key)
  writeFileSync(at(`${backups[0]?.key ?? ''}.manifest.json`), '{"format": "holdfast-man')
  rmSync(at(backups[1]?.key))
  writeFileSync(at(backups[2]?.key), 'cut')
  writeFileSync(at('holiday.jpg'), 'somebody\'s own')
  const after = await empty(t)
  const { adopted, stores: [store] } = await rebuilt(after, url)
  assert.deepEqual([adopted, await listed(after)], [0, []])
  assert.deepEqual(store?.refused.map(({ reason }) => reason), [
    'the object that it describes is missing',
    'the manifest is not JSON',
    `the object that it describes has 3 bytes instead of ${backups[2]?.size ?? 0}`
  ])
})

test('a manifest whose source could not be the name of one, or that lies in a folder, is refused', async t => {
  const { before, stores, backups, url } = await lost(t)
  const [, , third] = backups
  const manifest = join(stores.directories['far'] ?? '', `${third?.key ?? ''}.manifest.json`)
  const forged = JSON.parse(readFileSync(manifest, 'utf8').replace('"name": "shop"', '"name": "../shop"')) as Manifest
  writeFileSync(manifest, JSON.stringify(withSignature(forged, undefined)))
  const after = await empty(t)
  assert.deepEqual((await rebuilt(after, url)).stores[0]?.refused.map(({ reason }) => reason), ['"../shop" cannot be the name of a source'])
  const above = `file://${before.directory.replace(/\/backups$/, '')}`
  assert.match((await rebuilt(await empty(t), above, true)).stores[0]?.refused[0]?.reason ?? '', /^it lies below "backups\/"/)
})

/** The store, whose list dies after so many objects. */
function dying (store: Store, after: number): Store {
  return {
    ...store,
    async * list (prefix, signal): AsyncIterable<StoredObject> {
      let listed = 0
      for await (const object of store.list(prefix, signal)) {
        if (listed++ === after) throw new BackupError('STORE_UNAVAILABLE', 'the line is dead')
        yield object
      }
    }
  }
}

test('a store that dies while it is listed is told, keeps what was read of it, and hinders no other; a repetition completes it', async t => {
  const { stores } = await lost(t)
  const far = stores.offsite.get('far')!
  const offsite = new Map(stores.offsite).set('far', { ...far, store: dying(far.store, 3) })
  const after = await empty(t, { offsite })
  const { adopted, stores: [, first, second] } = await rebuilt(after)
  assert.deepEqual([adopted, first?.failure, first?.added, second?.failure, second?.added, second?.joined], [3, { code: 'STORE_UNAVAILABLE', message: 'the line is dead' }, 1, null, 2, 1])
  offsite.set('far', far)
  assert.deepEqual((await rebuilt(after)).stores.map(({ added, joined }) => [added, joined]), [[0, 0], [0, 2], [0, 0]])
})

test('the only store that was asked, and dies, is an error', async t => {
  const { url } = await lost(t)
  const after = await empty(t)
  after.faults.fail('place.get', { error: new BackupError('STORE_UNAVAILABLE', 'the line is dead') })
  await rejectsWith('STORE_UNAVAILABLE', rebuilt(after, url))
  assert.equal((await rebuilt(after, url)).adopted, 3)
})

test('a backup is restored straight from the place, which is read once, and proven on the way', async t => {
  const { before, shop, url } = await lost(t)
  shop.bytes = prose(300_000)
  const { id } = await before.create({ upload: true, compression: 'zstd' })
  const after = await testEngine(t)
  await rebuilt(after, url)
  const [name, store] = [...after.deps.remembered][0]!
  let reads = 0
  const counting: Store['get'] = (key, range, signal) => {
    if (!key.endsWith('.json')) reads++
    return store.get(key, range, signal)
  }
  after.deps.remembered.set(name, { ...store, get: counting })
  const done = await (await after.engine.restore(id, {})).result
  assert.deepEqual([after.source.bytes.equals(shop.bytes), done.status, reads], [true, 'completed', 1])
  const { verification } = await after.engine.backup(id)
  assert.deepEqual([verification.status, verification.checks.filter(({ name }) => name === 'checksum').map(({ status }) => status)], ['valid', ['pass']])
  assert.deepEqual(after.files().filter(file => file.includes('T23-30-04')), [])
})

test('what the place gives back is held against its digests before anything is placed', async t => {
  const { stores, backups, url } = await lost(t)
  const after = await testEngine(t)
  await rebuilt(after, url)
  const path = join(stores.directories['far'] ?? '', backups[2]?.key ?? '')
  const bytes = readFileSync(path)
  bytes[bytes.length - 30]! ^= 1
  writeFileSync(path, bytes)
  const was = after.source.bytes
  const failure = await (await after.engine.restore(3, { verify: false })).result.catch((error: unknown) => error)
  assert.ok(failure instanceof BackupError && ['DECODE_FAILED', 'CHECKSUM_MISMATCH'].includes(failure.code), String(failure))
  assert.ok(after.source.bytes.equals(was))
})

test('where the file that landed is lost, it is read from a copy, and the download says from which', async t => {
  const { before, shop, backups: [first] } = await lost(t)
  const whole = await before.engine.download(1, { decoded: false })
  rmSync(first!.filePath)
  const fallen = await before.engine.download(1, { decoded: false })
  assert.deepEqual([whole.store, fallen.store, fallen.etag === whole.etag], ['local', 'far', true])
  shop.bytes = Buffer.from('newer')
  assert.equal((await (await before.engine.restore(1, {})).result).status, 'completed')
  assert.equal((await (await before.engine.drill({ id: 1, actor: null })).result).status, 'passed')
})

test('rotation and pruning leave what is only remembered alone, and removing a backup never reaches the place', async t => {
  const { stores, url } = await lost(t)
  const after = await testEngine(t, { settings: { maxBackups: 1 } })
  await rebuilt(after, url)
  const files = stores.files('far')
  for (let n = 0; n < 3; n++) await after.create()
  assert.deepEqual((await listed(after)).map(({ id }) => id), [6, 3, 2, 1])
  await (await after.engine.prune({ dryRun: false, force: true })).result
  await (await after.engine.remove(1, { force: true })).result
  assert.deepEqual([(await listed(after)).map(({ id }) => id), stores.files('far')], [[6, 3, 2], files])
})

test('a backup in cold storage says how long it takes, and is asked for in the store where that takes the shortest', async t => {
  const { stores } = await lost(t)
  const asked: string[] = []
  const cold = (store: Store, hours: number): Store => ({
    ...store,
    stat: async (key, signal) => {
      const found = await store.stat(key, signal)
      return key.endsWith('.json') ? found : { ...found, archived: { storageClass: 'DEEP', isThawing: asked.length > 0, hours } }
    },
    thaw: async (key, days) => { asked.push(`${store.name} ${key} ${days}`) }
  })
  const offsite = new Map([...stores.offsite].map(([name, one]) => [name, { ...one, store: cold(one.store, name === 'far' ? 48 : 12) }]))
  const after = await testEngine(t, { offsite })
  await rebuilt(after)
  const { backup, ...thawing } = await after.engine.thaw(1, 5)
  assert.deepEqual([backup.id, thawing, asked], [1, { store: 'vault', hours: 12 }, [`vault ${backup.key} 5`]])
  await after.engine.thaw(1, 5)
  assert.equal(asked.length, 1)
  const { message } = await rejectsWith('OBJECT_ARCHIVED', (await after.engine.restore(1, {})).result)
  assert.match(message, /"DEEP" and is being made readable$/)
})

test('a backup that can be read is not asked for, and one that nobody has cannot be', async t => {
  const { before, stores, backups: [first] } = await lost(t)
  assert.deepEqual(await before.engine.thaw(1, 3), { backup: await before.engine.backup(1), store: null, hours: 0 })
  for (const directory of [before.directory, ...Object.values(stores.directories)]) rmSync(join(directory, first?.key ?? ''))
  await rejectsWith('OBJECT_NOT_FOUND', before.engine.thaw(1, 3))
})
