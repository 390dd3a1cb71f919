import assert from 'node:assert/strict'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { LARGEST_ID } from '../../src/core/backup/backup-id.ts'
import { completed, newBackup, newCatalog, open, VALID, END } from '../support/catalog/catalog.ts'
import { rejectsWith } from '../support/rejects.ts'

/** Edits the closed catalog as another program would. */
function edit (path: string, sql: string): void {
  const database = new Database(path)
  database.pragma('foreign_keys = OFF')
  database.exec(sql)
  database.close()
}

function textOf (path: string, sql: string): readonly unknown[] {
  const database = new Database(path, { readonly: true })
  try {
    return database.prepare(sql).safeIntegers().raw().all()
  } finally {
    database.close()
  }
}

test('a catalog with ids beyond what a number holds is numbered anew when it is opened, with all that refers to them', async t => {
  const { catalog, path } = await newCatalog(t)
  const [one, two, three] = [
    await completed(catalog),
    await completed(catalog, { key: 'two.db' }),
    await completed(catalog, { key: 'three.db' })
  ]
  await catalog.backups.recordVerification(two.id, VALID, END)
  const { id: restore } = await catalog.restores.start({
    backupId: three.id,
    source: 'shop',
    kind: 'restore',
    target: '/srv/shop.db',
    mode: 'live',
    actor: 'ann',
    aside: null,
    startedAt: END
  })
  await catalog.close()
  edit(
    path,
    `
    UPDATE backup_log SET id = 9007199254740992, parent_id = 9007199254740993 WHERE id = 2;
    UPDATE backup_log SET id = 9007199254740993 WHERE id = 3;
    UPDATE copies SET backup_id = 9007199254740990 + backup_id WHERE backup_id > 1;
    UPDATE verifications SET backup_id = 9007199254740992 WHERE backup_id = 2;
    UPDATE restores SET backup_id = 9007199254740993;
    UPDATE sqlite_sequence SET seq = 9007199254740993 WHERE name = 'backup_log'`
  )

  const healed = await open(path)
  t.after(() => healed.close())
  assert.deepEqual(
    (await healed.backups.list({ limit: 10 })).backups.map(({ id, key, parentId }) => [id, key, parentId]),
    [[3, 'three.db', null], [2, 'two.db', 3], [one.id, one.key, null]]
  )
  for (const id of [1, 2, 3]) assert.equal((await healed.backups.get(id)).copies.length, 1)
  assert.equal((await healed.backups.verifications(2)).length, 1)
  assert.equal((await healed.restores.get(restore)).backupId, 3)
  assert.equal((await healed.backups.start(newBackup({ key: 'four.db' }))).id, 4)
  assert.deepEqual(textOf(path, 'PRAGMA foreign_key_check'), [])
})

test('a spoiled sequence alone is set back, also one at the very end', async t => {
  for (const sequence of ['9007199254740991', '9223372036854775807']) {
    const { catalog, path } = await newCatalog(t)
    await completed(catalog)
    await catalog.close()
    edit(path, `UPDATE sqlite_sequence SET seq = ${sequence} WHERE name = 'backup_log'`)
    const healed = await open(path)
    t.after(() => healed.close())
    assert.equal((await healed.backups.start(newBackup({ key: 'next.db' }))).id, 2)
  }
})

test('no row begins with an id that the API does not take, and a start makes the catalog usable again', async t => {
  const { catalog, path } = await newCatalog(t)
  edit(path, `INSERT INTO sqlite_sequence VALUES ('backup_log', ${LARGEST_ID - 1})`)
  assert.equal((await catalog.backups.start(newBackup())).id, LARGEST_ID)
  const error = await rejectsWith('CATALOG_FAILED', catalog.backups.start(newBackup({ key: 'two.db' })))
  assert.match(error.hint ?? '', /Restart the service/)
  assert.equal((await catalog.backups.list({ limit: 10 })).count, 1)
  await catalog.close()
  const healed = await open(path)
  t.after(() => healed.close())
  assert.equal((await healed.backups.start(newBackup({ key: 'two.db' }))).id, 2)
})
