import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newCatalog, openBeside } from '../support/catalog/catalog.ts'

test('all leases are taken, or none', async t => {
  const { catalog, path } = await newCatalog(t)
  const other = await openBeside(t, path, 'other')
  assert.equal(await catalog.leases.take(['a', 'b'], null), undefined)
  assert.deepEqual(await other.leases.take(['c', 'b'], null), { name: 'b', jobId: null })
  assert.deepEqual(await catalog.leases.foreign(), [])
  assert.equal(await other.leases.take(['c'], null), undefined)
})

test('a lease that was given back is free, and only its holder can give it back', async t => {
  const { catalog, path } = await newCatalog(t)
  const other = await openBeside(t, path, 'other')
  await catalog.leases.take(['a', 'b'], null)
  await other.leases.release(['a', 'b'])
  assert.equal((await other.leases.foreign()).length, 2)
  await catalog.leases.release(['a'])
  await catalog.leases.release(['a', 'never taken'])
  assert.equal(await other.leases.take(['a'], null), undefined)
  assert.deepEqual(await other.leases.foreign(), [{ name: 'b', jobId: null }])
})

test('a process may take again what it has, for its own pieces of work are kept apart elsewhere', async t => {
  const { catalog } = await newCatalog(t)
  await catalog.leases.take(['a'], null)
  assert.equal(await catalog.leases.take(['a'], null), undefined)
})

test('leases that are no longer held are given back, and those that are stay', async t => {
  const { catalog, path } = await newCatalog(t)
  const other = await openBeside(t, path, 'other')
  await catalog.leases.take(['a', 'b'], null)
  await catalog.leases.keepOnly(name => name === 'b')
  assert.deepEqual(await other.leases.foreign(), [{ name: 'b', jobId: null }])
})

test('looking for lost leases writes nothing where none is lost', async t => {
  const { catalog } = await newCatalog(t)
  await catalog.leases.take(['a'], null)
  const before = catalog.version()
  await catalog.leases.keepOnly(() => true)
  assert.equal(catalog.version(), before)
})
