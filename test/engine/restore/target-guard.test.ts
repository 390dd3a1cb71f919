import assert from 'node:assert/strict'
import { symlinkSync } from 'node:fs'
import { test } from 'node:test'
import { pathOwner } from '../../../src/engine/restore/target-guard.ts'
import { house } from '../../support/engine/guarded-paths.ts'

test('places of the service and of sources are known under every name that they have', async t => {
  const { at, whose } = house(t)
  symlinkSync(at('data'), at('allowed/link'))
  symlinkSync('../allowed', at('elsewhere/back'))
  symlinkSync('../data/compiled/led', at('allowed/led.db'))
  for (
    const path of [
      'data',
      'data/jwt-secret',
      'data/processes/x.lock',
      'data/compiled/x',
      'data/new/deeper/x',
      'data/holdfast.db',
      'data/holdfast.db-wal',
      'allowed/link/jwt-secret',
      'allowed/../data/x',
      'backups/x.db',
      'stores/far/x',
      'allowed/.env',
      'elsewhere/back/.env',
      'allowed/.env-journal',
      'allowed/led.db',
      'data/compiled/led',
      'elsewhere/back/link/new/x'
    ]
  ) assert.equal((await whose(path))?.source, null, path)
  for (
    const [path, source] of [
      ['allowed/shop.db', 'shop'],
      ['allowed/shop.db-shm', 'shop'],
      ['elsewhere/back/shop.db-journal', 'shop'],
      ['allowed/odd', 'odd'],
      ['allowed/odd-wal', 'odd'],
      ['data/inner.db', 'inner']
    ] as const
  ) {
    assert.equal((await whose(path))?.source, source, path)
  }
  for (const path of ['allowed/x.db', 'elsewhere/data', 'allowed/shop.db2', 'dataset/x', 'allowed/deep/.env']) {
    assert.equal(await whose(path), undefined, path)
  }
})

test('a place is named in words, and that of a database or a source by its own name', async t => {
  const { whose } = house(t)
  const named = async (path: string): Promise<unknown> => await whose(path)
  assert.deepEqual(await named('data/holdfast.db-shm'), { source: null, what: 'the catalog', isItself: true })
  assert.deepEqual(await named('backups'), { source: null, what: 'the directory of the backups', isItself: true })
  assert.deepEqual(await named('backups/deep/x.db'), {
    source: null,
    what: 'in the directory of the backups',
    isItself: false
  })
  assert.deepEqual(await named('allowed/shop.db-wal'), {
    source: 'shop',
    what: 'the database of the source "shop"',
    isItself: true
  })
})

test('what is in a source that is a directory is owned by it, also under another name', async t => {
  const { at, whose } = house(t)
  symlinkSync(at('www/site/a'), at('elsewhere/a'))
  for (const path of ['www/site/a', 'www/site/new/x.db', 'www/x/../site/b', 'elsewhere/a/b']) {
    assert.deepEqual(
      await whose(path),
      { source: 'site', what: 'in the directory of the source "site"', isItself: false },
      path
    )
  }
  assert.equal((await whose('www/site'))?.isItself, true)
  assert.equal(await whose('www/site2/x'), undefined)
})

test('a directory that contains a place of the service or of a source is owned, however deep it lies', async t => {
  const { at, whose } = house(t)
  symlinkSync(at('www'), at('elsewhere/up'))
  for (
    const [path, source, what] of [
      ['www', 'site', 'the directory of the source "site"'],
      ['elsewhere/up', 'site', 'the directory of the source "site"'],
      ['allowed', null, 'a file that configures the service'],
      ['stores', null, 'the store "far"'],
      ['', null, 'the catalog']
    ] as const
  ) {
    assert.deepEqual(await whose(path), { source, what: `a directory that contains ${what}`, isItself: false }, path)
  }
  assert.equal(
    (await pathOwner('/', { databases: [{ path: at('x'), what: 'it' }], own: [], sources: [], suffixes: [] }))?.what,
    'a directory that contains it'
  )
})
