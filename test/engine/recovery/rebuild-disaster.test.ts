import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { withSignature, type Manifest } from '../../../src/core/backup/manifest.ts'
import { BackupError } from '../../../src/core/errors.ts'
import type { Store, StoredObject } from '../../../src/core/ports/store.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { MemorySource } from '../../support/sources/memory-source.ts'
import { empty, listed, lost, rebuilt } from '../../support/engine/rebuild.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { prose } from '../../support/streams.ts'

test('an empty machine knows every backup again from one store alone, and what the store holds of each source', async t => {
  const { backups, url } = await lost(t)
  const after = await empty(t)
  const { adopted, stores: [store] } = await rebuilt(after, url)
  const size = (...ids: readonly number[]): number =>
    backups.filter(({ id }) => ids.includes(id)).reduce((sum, one) => sum + (one.size ?? 0), 0)
  assert.deepEqual([adopted, store?.added, store?.joined, store?.refused, store?.failure], [3, 3, 0, [], null])
  assert.deepEqual(store?.sources, [
    { source: 'bank', backups: 1, bytes: size(2), oldest: backups[1]?.startedAt, newest: backups[1]?.startedAt },
    { source: 'shop', backups: 2, bytes: size(1, 3), oldest: backups[0]?.startedAt, newest: backups[2]?.startedAt }
  ])
  const there = await listed(after)
  assert.deepEqual(
    there.map(({ id, source, key, checksum }) => [id, source, key, checksum]),
    backups.toReversed().map(({ id, source, key, checksum }) => [id, source, key, checksum])
  )
  assert.deepEqual(there.map(({ copies }) => copies.map(copy => [copy.store, copy.status])), [
    [['directory', 'stored']],
    [['directory', 'stored']],
    [['directory', 'stored']]
  ])
  assert.deepEqual(there.map(({ filePath }) => filePath), there.map(({ copies: [copy] }) => copy?.location))
})

test('what is only listed is told, and neither entered nor remembered', async t => {
  const { url } = await lost(t)
  const after = await empty(t)
  assert.equal((await rebuilt(after, url, true)).adopted, 3)
  assert.deepEqual([await listed(after), await after.deps.catalog.externalStores.list()], [[], []])
})

test('the same backup in the landing store and in two others is one row with three copies', async t => {
  const { before, stores } = await lost(t)
  const after = await testEngine(t, {
    sources: [new MemorySource('shop')],
    directory: before.directory,
    offsite: stores.offsite
  })
  const { adopted, stores: told } = await rebuilt(after)
  assert.deepEqual([adopted, told.map(({ name, added, joined }) => [name, added, joined])], [3, [['local', 3, 0], [
    'far',
    0,
    3
  ], ['vault', 0, 3]]])
  assert.deepEqual(
    (await listed(after)).map(({ id, copies }) => [id, copies.map(({ store }) => store)]),
    [3, 2, 1].map(id => [id, ['far', 'local', 'vault']])
  )
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
  assert.deepEqual([far?.added, vault?.joined, vault?.refused], [3, 2, [{
    key: name,
    reason: 'it describes a different object from backup 1, which has the same name'
  }]])
  assert.deepEqual((await after.engine.backup(1)).copies.map(({ store }) => store), ['far'])
})

/** The store, whose list dies after so many objects. */
function dying (store: Store, after: number): Store {
  return {
    ...store,
    async *list (prefix, signal): AsyncIterable<StoredObject> {
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
  assert.deepEqual([adopted, first?.failure, first?.added, second?.failure, second?.added, second?.joined], [
    3,
    { code: 'STORE_UNAVAILABLE', message: 'the line is dead' },
    1,
    null,
    2,
    1
  ])
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
  const [name, store] = [...after.deps.externalStores][0]!
  let reads = 0
  const counting: Store['get'] = (key, range, signal) => {
    if (!key.endsWith('.json')) reads++
    return store.get(key, range, signal)
  }
  after.deps.externalStores.set(name, { ...store, get: counting })
  const done = await (await after.engine.restore(id, {})).result
  assert.deepEqual([after.source.bytes.equals(shop.bytes), done.status, reads], [true, 'completed', 1])
  const { verification } = await after.engine.backup(id)
  assert.deepEqual([
    verification.status,
    verification.checks.filter(({ name }) => name === 'checksum').map(({ status }) => status)
  ], ['valid', ['pass']])
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
  assert.ok(
    failure instanceof BackupError && ['DECODE_FAILED', 'CHECKSUM_MISMATCH'].includes(failure.code),
    String(failure)
  )
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
