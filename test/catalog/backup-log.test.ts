import assert from 'node:assert/strict'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import {
  completed,
  END,
  failed,
  INVALID,
  localCopy,
  manifestOf,
  newBackup,
  newCatalog,
  START,
  VALID
} from '../support/catalog/catalog.ts'
import { aBackup } from '../support/builders/backup.ts'
import { rejectsWith } from '../support/rejects.ts'

const LATER = new Date('2025-11-25T08:00:00.000Z')

test('a backup that was started is under way, with everything that was said about it', async t => {
  const { catalog } = await newCatalog(t)
  const backup = await catalog.backups.start(
    newBackup({ type: 'scheduled', schedule: 'daily', description: 'before the sale', compression: 'zstd' })
  )
  assert.deepEqual(
    backup,
    aBackup({
      source: 'shop',
      type: 'scheduled',
      schedule: 'daily',
      kind: null,
      status: 'in_progress',
      key: 'shop-backup-2025-11-24T23-30-00.db',
      filePath: '/backups/shop-backup-2025-11-24T23-30-00.db',
      description: 'before the sale',
      compression: 'zstd',
      startedAt: START,
      completedAt: null,
      size: null,
      checksum: null,
      originalSize: null,
      originalChecksum: null,
      verification: { status: 'unverified', checkedAt: null, checks: [] },
      copies: []
    })
  )
  assert.deepEqual(await catalog.backups.get(1), backup)
})

test('a rename gives a running backup another object', async t => {
  const { catalog } = await newCatalog(t)
  const { id } = await catalog.backups.start(newBackup())
  const backup = await catalog.backups.rename(id, 'shop-2.db', '/backups/shop-2.db')
  assert.deepEqual([backup.key, backup.filePath], ['shop-2.db', '/backups/shop-2.db'])
})

test('a completed backup carries what its manifest says, its verification and its copies', async t => {
  const { catalog } = await newCatalog(t)
  const started = await catalog.backups.start(newBackup({ compression: 'gzip' }))
  const manifest = manifestOf(started, { verifiedAt: LATER.toISOString() })
  const copies = [
    localCopy('/backups/x.db'),
    localCopy('s3://bucket/x.db', { store: 'far', status: 'pending', size: null, uploadedAt: null })
  ]
  const backup = await catalog.backups.complete(started.id, {
    manifest,
    filePath: '/backups/x.db',
    verification: VALID,
    copies
  })
  assert.deepEqual([backup.status, backup.completedAt, backup.filePath], ['completed', END, '/backups/x.db'])
  assert.deepEqual([backup.size, backup.checksum, backup.originalSize, backup.originalChecksum], [
    1000,
    'a'.repeat(64),
    4096,
    'b'.repeat(64)
  ])
  assert.deepEqual(backup.verification, { status: 'valid', checkedAt: LATER, checks: VALID.checks })
  assert.deepEqual(backup.copies, [copies[1], copies[0]])
  assert.deepEqual(await catalog.backups.manifest(started.id), manifest)
  assert.deepEqual(await catalog.backups.verifications(started.id), [{
    checkedAt: LATER,
    verification: { valid: true, checks: VALID.checks }
  }])
})

test('a backup completed without verification says so and has no history of it', async t => {
  const { catalog } = await newCatalog(t)
  const backup = await completed(catalog)
  assert.deepEqual(backup.verification, { status: 'unverified', checkedAt: null, checks: [] })
  assert.deepEqual(await catalog.backups.verifications(backup.id), [])
})

test('a verification without a time of its own in the manifest counts from the completion', async t => {
  const { catalog } = await newCatalog(t)
  const backup = await completed(catalog, {}, { verification: INVALID })
  assert.deepEqual([backup.verification.status, backup.verification.checkedAt], ['invalid', END])
})

test('a list reads no manifest, and a backup that is gone has none any more', async t => {
  const { catalog, path } = await newCatalog(t)
  const backup = await completed(catalog)
  assert.equal((await catalog.backups.manifest(backup.id))?.id, backup.id)
  const other = new Database(path)
  t.after(() => other.close())
  other.exec("UPDATE backup_log SET manifest = 'not JSON'")
  assert.equal((await catalog.backups.list({ limit: 5 })).backups.length, 1)
  await catalog.backups.remove(backup.id, END)
  assert.equal(other.prepare('SELECT manifest FROM backup_log').pluck().get(), null)
  assert.equal(await catalog.backups.manifest(backup.id), undefined)
})

test('a failed backup keeps code and message, and has no object', async t => {
  const { catalog } = await newCatalog(t)
  const backup = await failed(catalog)
  assert.deepEqual([backup.status, backup.errorCode, backup.errorMessage, backup.completedAt, backup.size], [
    'failed',
    'SOURCE_MISSING',
    'gone',
    END,
    null
  ])
  assert.deepEqual(await catalog.backups.quarantined('shop'), [])
  assert.equal(await catalog.backups.manifest(backup.id), undefined)
})

test('a backup that failed its verification keeps the checks and where its object was set aside', async t => {
  const { catalog } = await newCatalog(t)
  const { id } = await catalog.backups.start(newBackup())
  const backup = await catalog.backups.fail(id, {
    code: 'VERIFICATION_FAILED',
    message: 'checksum failed',
    failedAt: END,
    verification: INVALID,
    kept: { key: 'quarantine/shop.db', filePath: '/backups/quarantine/shop.db', size: 77 }
  })
  assert.deepEqual([backup.key, backup.filePath, backup.size], [
    'quarantine/shop.db',
    '/backups/quarantine/shop.db',
    77
  ])
  assert.deepEqual(backup.verification, { status: 'invalid', checkedAt: END, checks: INVALID.checks })
  assert.deepEqual(await catalog.backups.verifications(id), [{
    checkedAt: END,
    verification: { valid: false, checks: INVALID.checks }
  }])
  assert.deepEqual((await catalog.backups.quarantined('shop')).map(each => each.id), [id])
  assert.deepEqual(await catalog.backups.quarantined('other'), [])
})

test('a removed object is no longer in quarantine', async t => {
  const { catalog } = await newCatalog(t)
  const { id } = await catalog.backups.start(newBackup())
  await catalog.backups.fail(id, {
    code: 'VERIFICATION_FAILED',
    message: 'no',
    failedAt: END,
    kept: { key: 'quarantine/x', filePath: '/q', size: 7 }
  })
  await catalog.backups.remove(id, LATER)
  assert.deepEqual(await catalog.backups.quarantined('shop'), [])
})

test('a backup that has ended cannot be renamed, completed or failed', async t => {
  const { catalog } = await newCatalog(t)
  const backup = await completed(catalog)
  await rejectsWith('CATALOG_FAILED', catalog.backups.rename(backup.id, 'k', 'p'))
  await rejectsWith(
    'CATALOG_FAILED',
    catalog.backups.complete(backup.id, { manifest: manifestOf(backup), filePath: 'p', verification: null, copies: [] })
  )
  await rejectsWith(
    'CATALOG_FAILED',
    catalog.backups.fail(backup.id, { code: 'INTERRUPTED', message: 'x', failedAt: END })
  )
  assert.deepEqual(await catalog.backups.get(backup.id), backup)
})

test('a change that fails midway leaves the row as it was', async t => {
  const { catalog } = await newCatalog(t)
  const backup = await catalog.backups.start(newBackup())
  const twice = [localCopy('/a'), localCopy('/b')]
  await rejectsWith(
    'CATALOG_FAILED',
    catalog.backups.complete(backup.id, {
      manifest: manifestOf(backup),
      filePath: 'p',
      verification: VALID,
      copies: twice
    })
  )
  assert.deepEqual(await catalog.backups.get(backup.id), backup)
  assert.deepEqual(await catalog.backups.verifications(backup.id), [])
})

test('every method that is given an unknown id rejects with BACKUP_NOT_FOUND', async t => {
  const { backups } = (await newCatalog(t)).catalog
  for (
    const call of [
      backups.get(9),
      backups.rename(9, 'k', 'p'),
      backups.complete(9, { manifest: manifestOf({ id: 9 }), filePath: 'p', verification: null, copies: [] }),
      backups.fail(9, { code: 'INTERNAL', message: 'x', failedAt: END }),
      backups.edit(9, {}),
      backups.trash(9, 'k', 'p', END),
      backups.undelete(9, 'k', 'p'),
      backups.remove(9, END),
      backups.recordVerification(9, VALID, END),
      backups.verifications(9),
      backups.manifest(9)
    ]
  ) await rejectsWith('BACKUP_NOT_FOUND', call)
})

test('an edit changes only what it names, in the row and in the manifest', async t => {
  const { catalog } = await newCatalog(t)
  const { id } = await completed(catalog, { description: 'first' })
  assert.deepEqual(pick(await catalog.backups.edit(id, { pinned: true })), ['first', true])
  assert.deepEqual(pick(await catalog.backups.edit(id, { description: 'second' })), ['second', true])
  assert.deepEqual(pick(await catalog.backups.edit(id, { description: null, pinned: false })), [null, false])
  await catalog.backups.edit(id, { description: 'third', pinned: true })
  const manifest = await catalog.backups.manifest(id)
  assert.deepEqual([manifest?.description, manifest?.pinned, manifest?.object.size], ['third', true, 1000])
})

test('a running backup can be edited', async t => {
  const { catalog } = await newCatalog(t)
  const { id } = await catalog.backups.start(newBackup())
  assert.deepEqual(pick(await catalog.backups.edit(id, { pinned: true })), [null, true])
})

test('the trash takes a completed backup, with its own copy, and gives it back', async t => {
  const { catalog } = await newCatalog(t)
  const backup = await completed(catalog, {}, {
    filePath: '/backups/a',
    copies: [localCopy('/backups/a'), localCopy('s3://a', { store: 'far' })]
  })
  const trashed = await catalog.backups.trash(backup.id, 'trash/a', '/backups/trash/a', LATER)
  assert.deepEqual([trashed.key, trashed.filePath, trashed.trashedAt], ['trash/a', '/backups/trash/a', LATER])
  assert.deepEqual(trashed.copies.map(copy => copy.location), ['s3://a', '/backups/trash/a'])
  const back = await catalog.backups.undelete(backup.id, backup.key, backup.filePath)
  assert.deepEqual(back, backup)
})

test('the trash is told oldest first', async t => {
  const { catalog } = await newCatalog(t)
  const ids = [await completed(catalog), await completed(catalog), await completed(catalog)].map(backup => backup.id)
  for (const [index, id] of [ids[1]!, ids[2]!, ids[0]!].entries()) {
    await catalog.backups.trash(id, 'k', 'p', new Date(LATER.getTime() + index))
  }
  assert.deepEqual((await catalog.backups.trashed()).map(backup => backup.id), [ids[1], ids[2], ids[0]])
})

test('what did not complete does not go into the trash', async t => {
  const { catalog } = await newCatalog(t)
  const { id } = await catalog.backups.start(newBackup())
  await rejectsWith('BACKUP_NOT_COMPLETED', catalog.backups.trash(id, 'k', 'p', LATER))
  await rejectsWith('BACKUP_NOT_COMPLETED', catalog.backups.trash((await failed(catalog)).id, 'k', 'p', LATER))
})

test('a backup in the trash is not thrown away twice', async t => {
  const { catalog } = await newCatalog(t)
  const { id } = await completed(catalog)
  await catalog.backups.trash(id, 'k', 'p', LATER)
  await rejectsWith('BACKUP_DELETED', catalog.backups.trash(id, 'k', 'p', LATER))
})

test('only what is in the trash comes back from it', async t => {
  const { catalog } = await newCatalog(t)
  const { id } = await completed(catalog)
  await rejectsWith('BACKUP_NOT_IN_TRASH', catalog.backups.undelete(id, 'k', 'p'))
})

test('a removed backup stays as a row without copies, and allows nothing more', async t => {
  const { catalog } = await newCatalog(t)
  const { id } = await completed(catalog)
  const removed = await catalog.backups.remove(id, LATER)
  assert.deepEqual([removed.status, removed.deletedAt, removed.copies], ['completed', LATER, []])
  assert.deepEqual(await catalog.backups.get(id), removed)
  await rejectsWith('BACKUP_DELETED', catalog.backups.remove(id, LATER))
  await rejectsWith('BACKUP_DELETED', catalog.backups.trash(id, 'k', 'p', LATER))
  await rejectsWith('BACKUP_DELETED', catalog.backups.undelete(id, 'k', 'p'))
  await rejectsWith('BACKUP_DELETED', catalog.backups.edit(id, { pinned: true }))
  await rejectsWith('BACKUP_DELETED', catalog.backups.recordVerification(id, VALID, LATER))
})

test('a running backup is not removed', async t => {
  const { catalog } = await newCatalog(t)
  const { id } = await catalog.backups.start(newBackup())
  await rejectsWith('BACKUP_NOT_COMPLETED', catalog.backups.remove(id, LATER))
})

test('running tells every backup under way and no other', async t => {
  const { catalog } = await newCatalog(t)
  await completed(catalog)
  await failed(catalog)
  const { id } = await catalog.backups.start(newBackup())
  assert.deepEqual((await catalog.backups.running()).map(backup => backup.id), [id])
})

test('existing tells the completed backups of a source whose object is there, in the trash too, newest first', async t => {
  const { catalog } = await newCatalog(t)
  const live = await completed(catalog)
  await failed(catalog)
  const trashed = await completed(catalog)
  const removed = await completed(catalog)
  await catalog.backups.start(newBackup())
  await completed(catalog, { source: 'other' })
  await catalog.backups.trash(trashed.id, 'k', 'p', LATER)
  await catalog.backups.remove(removed.id, LATER)
  await catalog.backups.edit(live.id, { pinned: true })
  await catalog.backups.recordVerification(live.id, INVALID, LATER)
  const existing = await catalog.backups.existing('shop')
  assert.deepEqual(existing.map(backup => backup.id), [trashed.id, live.id])
  for (const { verification: { status }, stores, ...outline } of existing) {
    assert.deepEqual(stores, ['local'])
    const whole = await catalog.backups.get(outline.id)
    assert.partialDeepStrictEqual(whole, outline)
    assert.equal(status, whole.verification.status)
  }
})

test('an id is never given twice, not even after the row is gone', async t => {
  const { catalog } = await newCatalog(t)
  const first = await completed(catalog)
  await catalog.backups.remove(first.id, LATER)
  assert.equal((await catalog.backups.start(newBackup())).id, first.id + 1)
})

function pick ({ description, pinned }: { readonly description: string | null, readonly pinned: boolean }): unknown[] {
  return [description, pinned]
}
