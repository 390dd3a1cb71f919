import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newCatalog } from '../support/catalog/catalog.ts'

test('the id of each store is remembered, and the last one holds', async t => {
  const { catalog: { storeIds } } = await newCatalog(t)
  assert.equal(await storeIds.of('local'), undefined)
  await storeIds.remember('local', 'one')
  await storeIds.remember('far', 'two')
  await storeIds.remember('local', 'three')
  assert.deepEqual([await storeIds.of('local'), await storeIds.of('far')], ['three', 'two'])
})
