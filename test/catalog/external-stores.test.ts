import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed, localCopy, newCatalog } from '../support/catalog/catalog.ts'

const SINCE = new Date('2026-03-01T08:00:00.000Z')

test('a place keeps its name however often it is given', async t => {
  const { catalog: { externalStores } } = await newCatalog(t)
  const first = await externalStores.remember({ name: 's3', url: 's3://bucket/', since: SINCE }, [])
  assert.deepEqual(
    await externalStores.remember({ name: 's3', url: 's3://bucket/', since: new Date(0) }, ['s3']),
    first
  )
  assert.deepEqual(await externalStores.list(), [{ name: 's3', url: 's3://bucket/', since: SINCE }])
})

test('no name is given twice: not one of a store, of another place, or of a store that copies tell of', async t => {
  const { catalog } = await newCatalog(t)
  await completed(catalog, {}, { copies: [localCopy('x', { store: 's3-2' })] })
  const names = []
  for (const bucket of ['one', 'two']) {
    names.push(
      (await catalog.externalStores.remember({ name: 's3', url: `s3://${bucket}/`, since: SINCE }, ['local', 's3']))
        .name
    )
  }
  assert.deepEqual(names, ['s3-3', 's3-4'])
})

test('a store that is configured at the place takes its copies over, and keeps what it knew of its own', async t => {
  const { catalog } = await newCatalog(t)
  const { name } = await catalog.externalStores.remember({ name: 's3', url: 's3://bucket/', since: SINCE }, [])
  const one = await completed(catalog, {}, { copies: [localCopy('found', { store: name })] })
  const two = await completed(catalog, { key: 'two.db' }, {
    copies: [localCopy('found', { store: name }), localCopy('own', { store: 'vault' })]
  })
  await catalog.externalStores.handOver(name, 'vault')
  const copies = async (id: number) =>
    (await catalog.backups.get(id)).copies.map(({ store, location }) => [store, location])
  assert.deepEqual([await copies(one.id), await copies(two.id)], [[['vault', 'found']], [['vault', 'own']]])
  assert.deepEqual(await catalog.externalStores.list(), [])
})
