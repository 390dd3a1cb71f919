import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChainLink } from '../../src/core/backup/chain-link.ts'
import type { BackupLog } from '../../src/core/catalog/catalog.ts'
import type { Manifest } from '../../src/core/backup/manifest.ts'
import { START, localCopy, manifestOf, newBackup, newCatalog } from '../support/catalog/catalog.ts'

const LINK: ChainLink = {
  chain: 'chain-1',
  lineage: 'lineage-1',
  parent: null,
  depth: 0,
  from: '0000000000000001',
  to: '0000000000000002'
}

/** The manifest of the backup so many increments deep: its digest is that digit, and its parent the one before. */
function linked (depth: number, given: Partial<ChainLink> = {}): Manifest {
  const manifest = manifestOf({ id: depth + 1 }, {
    version: 3,
    object: { name: `shop-${depth}.db`, size: 1000, sha256: String(depth).repeat(64) }
  })
  const parent = depth === 0 ? null : { name: `shop-${depth - 1}.db`, sha256: String(depth - 1).repeat(64) }
  return { ...manifest, link: { ...LINK, parent, depth, ...given } }
}

async function adopt (backups: BackupLog, manifest: Manifest, key = manifest.object.name, neverDeleted = false) {
  return await backups.adopt(manifest, {
    key,
    copy: localCopy(`/backups/${key}`),
    hasLanded: true,
    trashedAt: key.startsWith('trash/') ? START : null,
    neverDeleted,
    foreignInstance: null
  })
}

async function parents (backups: BackupLog): Promise<ReadonlyArray<readonly [number, number | null]>> {
  return (await backups.existing('shop')).map(({ id, parentId }) => [id, parentId] as const).toSorted(([a], [b]) =>
    a - b
  )
}

test('where a backup stands in a chain is in its row, and nothing where it is in none', async t => {
  const { backups } = (await newCatalog(t)).catalog
  await adopt(backups, linked(0))
  await adopt(backups, manifestOf({ id: 7 }))
  const { parent: _, ...link } = LINK
  assert.deepEqual((await backups.existing('shop')).map(one => [one.id, one.link]), [[7, null], [1, link]])
  assert.deepEqual([(await backups.get(1)).link, (await backups.get(7)).link], [link, null])
})

for (const order of [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]]) {
  test(`what backups are built on is found when they are taken over in the order ${order.join(' ')}`, async t => {
    const { backups } = (await newCatalog(t)).catalog
    for (const depth of order) await adopt(backups, linked(depth))
    assert.deepEqual(await parents(backups), [[1, null], [2, 1], [3, 2]])
  })
}

test('a backup that is completed here knows what it is built on', async t => {
  const { backups } = (await newCatalog(t)).catalog
  for (const depth of [0, 1]) {
    const manifest = linked(depth)
    const { id } = await backups.start(newBackup({ key: manifest.object.name, method: 'incremental' }))
    await backups.complete(id, { manifest, filePath: `/backups/${id}`, verification: null, copies: [] })
  }
  assert.deepEqual(await parents(backups), [[1, null], [2, 1]])
})

test('a backup is built on while an increment of it is there, and not while that is in the trash or gone', async t => {
  const { backups } = (await newCatalog(t)).catalog
  for (const depth of [0, 1]) await adopt(backups, linked(depth))
  assert.deepEqual([await backups.isBuiltOn(1), await backups.isBuiltOn(2)], [true, false])
  await backups.trash(2, 'trash/shop-1.db', '/backups/trash/shop-1.db', START)
  assert.equal(await backups.isBuiltOn(1), false)
  await backups.undelete(2, 'shop-1.db', '/backups/shop-1.db')
  assert.equal(await backups.isBuiltOn(1), true)
  await backups.remove(2, START)
  assert.equal(await backups.isBuiltOn(1), false)
})

test('a parent in the trash is found', async t => {
  const { backups } = (await newCatalog(t)).catalog
  await adopt(backups, linked(1))
  await adopt(backups, linked(0), 'trash/shop-0.db')
  assert.deepEqual(await parents(backups), [[1, null], [2, 1]])
  const other = (await newCatalog(t)).catalog.backups
  await adopt(other, linked(0), 'trash/shop-0.db')
  await adopt(other, linked(1))
  assert.deepEqual(await parents(other), [[1, null], [2, 1]])
})

test('what has the name of a parent and another digest, or another chain, is none', async t => {
  for (const isFirst of [true, false]) {
    const { backups } = (await newCatalog(t)).catalog
    const other: Manifest = { ...linked(0), object: { name: 'shop-0.db', size: 1000, sha256: 'f'.repeat(64) } }
    if (isFirst) await adopt(backups, other)
    await adopt(backups, linked(1))
    if (!isFirst) await adopt(backups, other)
    assert.deepEqual(await parents(backups), [[1, null], [2, null]])
  }
})

test('a parent that was gone and is there again is the one that counts', async t => {
  const { backups } = (await newCatalog(t)).catalog
  await adopt(backups, linked(0))
  await adopt(backups, linked(1))
  await backups.trash(1, 'trash/shop-0.db', '/backups/trash/shop-0.db', START)
  await backups.remove(1, START)
  assert.equal((await adopt(backups, linked(0), 'shop-0.db', true)).backup.id, 3)
  assert.deepEqual(await parents(backups), [[2, 3], [3, null]])
})

test('a backup of several parts counts with the size of all of them', async t => {
  const { catalog: { backups } } = await newCatalog(t)
  const part = {
    name: 'list',
    format: 'json',
    isIndex: true,
    object: { name: 'shop-0.list.json', size: 77, sha256: '9'.repeat(64) },
    image: { size: 77, sha256: '9'.repeat(64) },
    compression: 'none'
  } as const
  await adopt(backups, { ...linked(0), parts: [part] })
  await adopt(backups, linked(1))
  assert.deepEqual([(await backups.statistics()).totalSize, (await backups.get(1)).size], [2077, 1000])
})
