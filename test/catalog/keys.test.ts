import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Backup } from '../../src/core/backup/backup.ts'
import type { OpenedCatalog } from '../../src/catalog/index.ts'
import { END, manifestOf, newBackup, newCatalog, START } from '../support/catalog/catalog.ts'

/** A completed backup that is sealed to these keys. */
async function sealed ({ backups }: OpenedCatalog, encryption: 'age' | 'openpgp', keys: string[]): Promise<Backup> {
  const { id } = await backups.start(newBackup({ encryption }))
  return await backups.complete(id, {
    manifest: manifestOf({ id }, { version: 2, encryption, keys }),
    filePath: '/backups/x.db',
    verification: null,
    copies: []
  })
}

test('each key is needed by the backups that are there and sealed to it, those in the trash among them', async t => {
  const { catalog } = await newCatalog(t)
  await sealed(catalog, 'age', ['age1a', 'age1b'])
  const trashed = await sealed(catalog, 'age', ['age1b'])
  await catalog.backups.trash(trashed.id, 'trash/x.db', '/backups/trash/x.db', END)
  await sealed(catalog, 'openpgp', ['passphrase'])
  const gone = await sealed(catalog, 'age', ['age1c'])
  await catalog.backups.remove(gone.id, END)
  const { id } = await catalog.backups.start(newBackup())
  await catalog.backups.complete(id, {
    manifest: manifestOf({ id }),
    filePath: '/backups/x.db',
    verification: null,
    copies: []
  })
  await catalog.backups.start(newBackup({ encryption: 'age' }))
  assert.deepEqual(await catalog.keys.needed(), [
    { id: 'age1a', encryption: 'age', backups: 1 },
    { id: 'age1b', encryption: 'age', backups: 2 },
    { id: 'passphrase', encryption: 'openpgp', backups: 1 }
  ])
})

test('a confirmation stays, and the last one stands', async t => {
  const { catalog } = await newCatalog(t)
  assert.deepEqual(await catalog.keys.confirmations(), [])
  await catalog.keys.confirm({ id: 'age1a', at: START, actor: 'ann' })
  await catalog.keys.confirm({ id: 'age1a', at: END, actor: 'ben' })
  assert.deepEqual(await catalog.keys.confirmations(), [{ id: 'age1a', at: END, actor: 'ben' }])
})

test('a backup says from its begin how it is sealed', async t => {
  const { catalog } = await newCatalog(t)
  assert.equal((await catalog.backups.start(newBackup({ encryption: 'openpgp' }))).encryption, 'openpgp')
})
