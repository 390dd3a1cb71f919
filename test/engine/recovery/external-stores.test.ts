import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadExternalStores, storesToRebuild } from '../../../src/engine/recovery/external-stores.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { testOffsite } from '../../support/stores/offsite.ts'
import { empty, listed, lost, rebuilt } from '../../support/engine/rebuild.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('a place is remembered by the next process, until a store is configured there, which takes its copies over', async t => {
  const { stores, url } = await lost(t)
  const after = await empty(t)
  await rebuilt(after, url)
  after.deps.externalStores.clear()
  assert.deepEqual([await loadExternalStores(after.deps), [...after.deps.externalStores.keys()]], [[], ['directory']])
  after.deps.externalStores.clear()
  const configured = {
    ...after.deps,
    offsite: stores.offsite,
    locate: (given: string) => ({ ...after.deps.locate(given), known: stores.offsite.get('far')?.store })
  }
  assert.deepEqual(await loadExternalStores(configured), [])
  assert.deepEqual([after.deps.externalStores.size, await after.deps.catalog.externalStores.list()], [0, []])
  assert.deepEqual((await listed(after)).map(({ copies }) => copies.map(({ store }) => store)), [['far'], ['far'], [
    'far'
  ]])
})

test('a place that cannot be made a store of is told, and hinders no other', async t => {
  const { url } = await lost(t)
  const { deps } = await empty(t)
  await deps.catalog.externalStores.remember({ name: 'a-cloud', url: 'cloud://bucket', since: new Date(0) }, [])
  await deps.catalog.externalStores.remember({ name: 'disk', url, since: new Date(0) }, [])
  assert.deepEqual((await loadExternalStores(deps)).map(({ store, error }) => [store.name, error.code]), [[
    'a-cloud',
    'VALIDATION_FAILED'
  ]])
  assert.deepEqual([...deps.externalStores.keys()], ['disk'])
})

test('what names no store is refused before there is a job, and a place without anything is not remembered', async t => {
  const after = await empty(t)
  await rejectsWith('VALIDATION_FAILED', after.engine.rebuild({ from: 'bucket' }))
  assert.equal((await after.engine.jobs({ limit: 10 })).jobs.length, 0)
  const nothing = tempDir(t)
  writeFileSync(join(nothing, 'RESTORE.txt'), 'what to do')
  await rejectsWith('OBJECT_NOT_FOUND', rebuilt(after, `file://${nothing}`))
  await rejectsWith('STORE_UNAVAILABLE', rebuilt(after, `file://${nothing}/gone`))
  assert.deepEqual(await after.deps.catalog.externalStores.list(), [])
})

test('without a place every store is read, the landing store first and remembered ones last; a takeover leaves those out', async t => {
  const { url } = await lost(t)
  const { offsite } = await testOffsite(t, { own: {} })
  const { deps } = await testEngine(t, { offsite })
  await deps.catalog.externalStores.remember({ name: 'disk', url, since: new Date(0) }, [])
  const names = async (...[request]: [Parameters<typeof storesToRebuild>[1]]): Promise<string[]> =>
    (await storesToRebuild(deps, request, never)).map(({ name }) => name)
  assert.deepEqual(await names({ takeOver: true }), ['local', 'own'])
  assert.deepEqual(await names({}), ['local', 'own', 'disk'])
})

test('a place that is only listed is not remembered, and one that is given twice is remembered once', async t => {
  const { url } = await lost(t)
  const { deps } = await empty(t)
  const store = async (isListing: boolean) => (await storesToRebuild(deps, { from: url, isListing }, never))[0]
  assert.equal((await store(true))?.name, 'directory')
  assert.deepEqual([deps.externalStores.size, await deps.catalog.externalStores.list()], [0, []])
  const first = await store(false)
  assert.equal(await store(false), first)
  assert.deepEqual([
    [...deps.externalStores.values()],
    (await deps.catalog.externalStores.list()).map(({ name, url }) => [name, url])
  ], [[first], [['directory', url]]])
})

test('the URL of a configured store is that store, and is not remembered', async t => {
  const { stores, url } = await lost(t)
  const { deps } = await testEngine(t, { offsite: stores.offsite })
  for (const isListing of [true, false]) {
    assert.deepEqual((await storesToRebuild(deps, { from: url, isListing }, never)).map(({ name }) => name), ['far'])
  }
  assert.deepEqual(await deps.catalog.externalStores.list(), [])
})
