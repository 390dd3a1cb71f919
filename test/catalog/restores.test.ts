import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { NewRestore, RestoredMember, RestoreLog } from '../../src/core/restore/restore.ts'
import { SOURCE_KINDS } from '../../src/sources/index.ts'
import { completed, END, newCatalog, START } from '../support/catalog/catalog.ts'
import { rejectsWith } from '../support/rejects.ts'

const NEW: NewRestore = {
  kind: 'restore',
  backupId: 1,
  source: 'shop',
  target: '/srv/shop.db',
  mode: 'live',
  aside: null,
  actor: 'ann',
  startedAt: START
}
const DONE = { bytes: 10, restoreTime: 900, aside: null, warnings: [], at: END }

/** Of a catalog with two backups. */
async function emptyLog (t: TestContext): Promise<RestoreLog> {
  const { catalog } = await newCatalog(t)
  await completed(catalog)
  await completed(catalog, { key: 'shop-2.db' })
  return catalog.restores
}

test('the modes of every kind of source are recorded', async t => {
  const restores = await emptyLog(t)
  for (const { name, modes } of SOURCE_KINDS) {
    for (const { name: mode } of modes) assert.equal((await restores.start({ ...NEW, mode })).mode, mode, name)
  }
})

test('a restore is under way from its start to its end, and knows what undoes it before that', async t => {
  const restores = await emptyLog(t)
  const { id, status } = await restores.start(NEW)
  assert.equal(status, 'running')
  assert.equal((await restores.secured(id, 2)).safetyBackupId, 2)
  assert.deepEqual((await restores.running()).map(one => one.id), [id])
  const done = await restores.complete(id, { ...DONE, warnings: ['not synced'] })
  assert.deepEqual([done.status, done.bytes, done.restoreTime, done.warnings, done.finishedAt], [
    'completed',
    10,
    900,
    ['not synced'],
    END
  ])
  assert.deepEqual(await restores.running(), [])
})

test('what has ended does not change any more, and what there is not cannot be found', async t => {
  const restores = await emptyLog(t)
  const { id } = await restores.start(NEW)
  await restores.fail(id, { code: 'DISK_FULL', message: 'full', aside: '/srv/kept', at: END })
  const failed = await restores.get(id)
  assert.deepEqual([failed.status, failed.errorCode, failed.aside], ['failed', 'DISK_FULL', '/srv/kept'])
  await rejectsWith('CATALOG_FAILED', restores.complete(id, DONE))
  await rejectsWith('CATALOG_FAILED', restores.secured(id, 2))
  assert.deepEqual(await restores.get(id), failed)
  await rejectsWith('RESTORE_NOT_FOUND', restores.get(99))
})

test('a restore is not ended as a drill', async t => {
  const restores = await emptyLog(t)
  const { id } = await restores.start(NEW)
  const conclusion = {
    status: 'passed',
    report: null,
    bytes: 1,
    restoreTime: 1,
    code: null,
    message: null,
    at: END
  } as const
  await rejectsWith('CATALOG_FAILED', restores.conclude(id, conclusion))
  assert.equal((await restores.get(id)).status, 'running')
})

test('restores are listed newest first, page by page, of one kind or one source', async t => {
  const restores = await emptyLog(t)
  for (const given of [{}, { source: 'bank' }, { kind: 'drill' }, {}] as const) {
    await restores.start({ ...NEW, ...given })
  }
  const ids = async (query: object): Promise<readonly number[]> =>
    (await restores.list({ limit: 10, ...query })).restores.map(({ id }) => id)
  const first = await restores.list({ limit: 3 })
  assert.deepEqual([first.restores.map(({ id }) => id), first.next], [[4, 3, 2], 2])
  assert.deepEqual(await ids({ before: 2 }), [1])
  assert.deepEqual([await ids({ kind: 'drill' }), await ids({ source: 'bank' })], [[3], [2]])
  assert.deepEqual([await ids({ since: END }), await ids({ until: START })], [[], []])
})

test('a restore of a set has its members as they were last recorded, and is listed for each of them', async t => {
  const restores = await emptyLog(t)
  const member: RestoredMember = {
    name: 'audit',
    kind: 'sqlite',
    target: '/srv/audit.db',
    mode: 'live',
    state: 'waiting',
    hadContent: true,
    aside: null,
    safetyBackupId: null
  }
  const other: RestoredMember = { ...member, name: 'payloads', kind: 'directory', target: '/srv/payloads' }
  const { id, members } = await restores.start({ ...NEW, source: 'app', members: [member, other] })
  assert.deepEqual(members, [member, other])
  assert.deepEqual((await restores.start(NEW)).members, [])
  const placed: RestoredMember = { ...other, state: 'placed', aside: '/srv/payloads.before-1', safetyBackupId: 2 }
  assert.deepEqual((await restores.recordMembers(id, [member, placed])).members, [member, placed])
  assert.deepEqual((await restores.running()).map(({ members }) => members.length), [2, 0])
  const ids = async (source: string): Promise<readonly number[]> =>
    (await restores.list({ limit: 10, source })).restores.map(({ id }) => id)
  assert.deepEqual([await ids('app'), await ids('payloads'), await ids('pay')], [[id], [id], []])
  await restores.complete(id, DONE)
  await rejectsWith('CATALOG_FAILED', restores.recordMembers(id, []))
})

test('an undo is open from its start to its end, needs what is kept, and takes the name of it away', async t => {
  const restores = await emptyLog(t)
  const { id } = await restores.start({ ...NEW, aside: '/srv/kept' })
  await rejectsWith('CATALOG_FAILED', restores.beginUndo(id, END))
  await restores.complete(id, { ...DONE, aside: '/srv/kept' })
  await rejectsWith('CATALOG_FAILED', restores.endUndo(id, { isDone: true, at: END }))
  assert.deepEqual((await restores.beginUndo(id, END)).undoStartedAt, END)
  assert.deepEqual((await restores.undoing()).map(one => one.id), [id])
  const not = await restores.endUndo(id, { isDone: false, at: END })
  assert.deepEqual([not.undoStartedAt, not.undoneAt, not.aside], [null, null, '/srv/kept'])
  await restores.beginUndo(id, END)
  const done = await restores.endUndo(id, { isDone: true, at: END })
  assert.deepEqual([done.undoneAt, done.aside, await restores.undoing()], [END, null, []])
  await rejectsWith('CATALOG_FAILED', restores.beginUndo(id, END))
  await rejectsWith('CATALOG_FAILED', restores.discarded(id, END))
  const other = await restores.start(NEW)
  await restores.complete(other.id, { ...DONE, aside: '/srv/other' })
  const removed = await restores.discarded(other.id, END)
  assert.deepEqual([removed.discardedAt, removed.aside], [END, null])
})
