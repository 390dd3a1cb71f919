import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backupSchema, presentBackup, presentWarning, presentListed } from '../../src/present/backup.ts'
import { aBackup, STARTED } from '../support/builders/backup.ts'

test('a backup has the fields of its schema, in the order of the schema', () => {
  const view = presentBackup(aBackup())
  assert.deepEqual(backupSchema.strict().parse(view), view)
  assert.deepEqual(Object.keys(view), Object.keys(backupSchema.shape))
})

test('a backup in quarantine or in the trash keeps the name of its file', () => {
  for (const key of ['quarantine/shop-1.db', 'trash/shop-1.db', 'shop-1.db']) {
    assert.equal(presentBackup(aBackup({ key })).fileName, 'shop-1.db')
  }
})

test('a backup under way has no duration, and a clock set back makes none below zero', () => {
  assert.equal(presentBackup(aBackup({ completedAt: null })).durationMs, null)
  assert.equal(presentBackup(aBackup()).durationMs, 5000)
  assert.equal(presentBackup(aBackup({ completedAt: new Date(STARTED.getTime() - 1) })).durationMs, 0)
})

test('in a list the fields of the runbook come first, and none is missing', () => {
  const [view, listed] = [presentBackup(aBackup()), presentListed(aBackup())]
  assert.deepEqual(Object.keys(listed).slice(0, 5), ['id', 'fileName', 'fileSize', 'status', 'startedAt'])
  assert.deepEqual(listed, view)
})

test('of a verified backup with a trusted signature there is no doubt', () => {
  const signature = { state: 'signed', key: 'k', keyId: 'i', isRefused: false } as const
  assert.equal(presentWarning(aBackup({ signature })), null)
})

test('each doubt is named: an unknown key, a suspicion, a broken constraint', () => {
  const doubt = presentWarning(aBackup({
    id: 4,
    signature: { state: 'unknown-key', key: 'k', keyId: 'i', isRefused: false },
    suspicion: { reasons: ['rows fell', 'it grew'], releasedAt: null, releasedBy: null },
    verification: {
      status: 'valid',
      checkedAt: STARTED,
      checks: [{ name: 'checksum', status: 'pass', reason: 'NULL in t.n', violations: 1 }]
    }
  })) ?? ''
  assert.match(
    doubt,
    /manifest of backup 4 .*\. Backup 4 is suspect.*: rows fell; it grew\. Backup 4 breaks constraints/
  )
})

test('parts that do not fit together are named once, as a suspicion or as what was found since', () => {
  const reason = '2 rows name files that are not there'
  const verification = {
    status: 'valid',
    checkedAt: STARTED,
    checks: [{ name: 'references', status: 'pass', reason, violations: 2, consistency: 'inconsistent' }]
  } as const
  const suspicion = { reasons: [reason], releasedAt: null, releasedBy: null }
  assert.equal(
    presentWarning(aBackup({ id: 4, suspicion, verification })),
    `Backup 4 is suspect and not released: ${reason}`
  )
  assert.equal(
    presentWarning(aBackup({ id: 4, verification })),
    `Backup 4 is not known to be consistent: ${reason}`
  )
})

test('a suspect that was declared good is no doubt', () => {
  const suspicion = { reasons: ['rows fell'], releasedAt: STARTED, releasedBy: 'ann' }
  assert.equal(presentWarning(aBackup({ suspicion })), null)
  assert.equal(presentBackup(aBackup({ suspicion })).suspicion?.releasedAt, STARTED.toISOString())
})

const GLOBALS = { name: 'globals', fileName: 'shop-1.globals.sql', size: 24, checksum: 'b'.repeat(64) }

test('the parts of a backup begin with the main one, whose file it is named after, and have their sizes added up', () => {
  const view = presentBackup(aBackup({ key: 'trash/shop-1.db', size: 1000, parts: [GLOBALS] }))
  assert.deepEqual([view.fileName, view.fileSize, view.totalSize], ['shop-1.db', 1000, 1024])
  assert.deepEqual(view.parts, [
    { name: 'main', fileName: 'shop-1.db', size: 1000, checksum: 'a'.repeat(64) },
    GLOBALS
  ])
})

test('a backup of one part has it in its list, and one under way has no size yet', () => {
  assert.deepEqual(presentBackup(aBackup({ key: 'shop-1.db' })).parts.map(({ name }) => name), ['main'])
  const { totalSize, parts } = presentBackup(
    aBackup({ size: null, checksum: null, parts: [{ ...GLOBALS, size: null, checksum: null }] })
  )
  assert.deepEqual([totalSize, parts.map(({ size }) => size)], [null, [null, null]])
})

test('a backup in a chain has the id of the chain and its depth there', () => {
  const link = { chain: 'c1', lineage: 'l1', depth: 2, from: '0'.repeat(16), to: '0'.repeat(16) }
  assert.deepEqual(presentBackup(aBackup({ link })).chain, { id: 'c1', depth: 2 })
  assert.deepEqual([presentBackup(aBackup()).chain, presentBackup(aBackup()).kind], [null, 'sqlite'])
})
