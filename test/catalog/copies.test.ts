import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import { copiesIn } from '../../src/catalog/copies.ts'
import type { Copy } from '../../src/core/backup/copy.ts'
import { completed, localCopy, newCatalog } from '../support/catalog/catalog.ts'

/** A backup with these copies; the statements on them, and how each copy stands now, by store. */
async function withCopies (t: TestContext, ...copies: readonly Copy[]) {
  const { catalog, path } = await newCatalog(t)
  const { id } = await completed(catalog, {}, { copies })
  const database = new Database(path)
  t.after(() => database.close())
  const states = async (): Promise<Record<string, string>> =>
    Object.fromEntries((await catalog.backups.get(id)).copies.map(({ store, status }) => [store, status]))
  return { id, statements: copiesIn(database), states, copies: async () => (await catalog.backups.get(id)).copies }
}

test('a copy that is found is stored, whether it was promised, lost or unknown, and that is news', async t => {
  const { id, statements, states } = await withCopies(
    t,
    localCopy('a', { store: 'promised', status: 'pending', size: null, uploadedAt: null }),
    localCopy('b', { store: 'lost', status: 'missing' }),
    localCopy('c', { store: 'known' })
  )
  const found = ['promised', 'lost', 'unknown', 'known'].map(store => statements.found(id, localCopy('x', { store })))
  assert.deepEqual(found, [true, true, true, false])
  assert.deepEqual(await states(), { known: 'stored', lost: 'stored', promised: 'stored', unknown: 'stored' })
})

test('a copy that is being uploaded or removed is left to those who do it', async t => {
  const { id, statements, states } = await withCopies(
    t,
    localCopy('a', { store: 'up', status: 'uploading' }),
    localCopy('b', { store: 'down', status: 'removing' })
  )
  assert.deepEqual(['up', 'down'].map(store => statements.found(id, localCopy('x', { store }))), [false, false])
  assert.deepEqual(await states(), { down: 'removing', up: 'uploading' })
})

test('retired copies are to be removed in the stores named; the others are forgotten, and so is what was never begun', async t => {
  const { id, statements, states } = await withCopies(
    t,
    localCopy('a', { store: 'far' }),
    localCopy('b', { store: 'here' }),
    localCopy('c', { store: 'promised', status: 'pending', size: null, uploadedAt: null })
  )
  statements.retire(id, ['far', 'promised'])
  assert.deepEqual(await states(), { far: 'removing' })
})

test('an object that moves takes along only the copy at its place', async t => {
  const { id, statements, copies } = await withCopies(t, localCopy('a'), localCopy('b', { store: 'far' }))
  statements.move(id, 'a', 'trash/a')
  assert.deepEqual((await copies()).map(({ location }) => location), ['b', 'trash/a'])
  statements.drop(id, 'local')
  assert.deepEqual((await copies()).map(({ store }) => store), ['far'])
})
