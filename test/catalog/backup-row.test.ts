import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toBackup, type BackupRow } from '../../src/catalog/backup-row.ts'
import { judgeKey } from '../support/catalog/catalog.ts'

const ROW: BackupRow = {
  id: 7,
  source: 'shop',
  backup_type: 'manual',
  method: 'full',
  schedule: null,
  status: 'completed',
  store_key: 'shop.db',
  file_path: '/backups/shop.db',
  description: null,
  compression: 'none',
  encryption: 'none',
  started_at: '2025-11-24T23:30:00.000Z',
  completed_at: null,
  file_size_bytes: 10,
  checksum: null,
  original_size_bytes: null,
  original_checksum: null,
  has_manifest: 1,
  signing_key: 'k',
  error_code: null,
  error_message: null,
  kind: 'sqlite',
  parent_id: null,
  parts: '[]',
  chain: null,
  lineage: null,
  depth: null,
  from_position: null,
  to_position: null,
  pinned: 0,
  suspect_reasons: null,
  released_at: null,
  released_by: null,
  verification_status: 'unverified',
  verified_at: null,
  verification_checks: '[]',
  foreign_instance: null,
  trashed_at: null,
  deleted_at: null,
  copies: '[]'
}

test('the key that signed is judged where there is a manifest, and nothing is where there is none', () => {
  assert.equal(toBackup(ROW, judgeKey).signature?.state, 'unknown-key')
  assert.equal(toBackup({ ...ROW, signing_key: null }, judgeKey).signature?.state, 'unsigned')
  assert.equal(toBackup({ ...ROW, has_manifest: 0 }, judgeKey).signature, null)
})

test('times and flags come back as what they are', () => {
  const backup = toBackup({ ...ROW, pinned: 1, trashed_at: ROW.started_at }, judgeKey)
  assert.deepEqual([backup.pinned, backup.trashedAt, backup.completedAt], [true, backup.startedAt, null])
  assert.equal(backup.startedAt.getTime(), 1_764_027_000_000)
})

test('a suspicion has its reasons, and who declared the backup good', () => {
  assert.deepEqual(toBackup({ ...ROW, suspect_reasons: '["rows fell"]', released_by: 'ann' }, judgeKey).suspicion, {
    reasons: ['rows fell'],
    releasedAt: null,
    releasedBy: 'ann'
  })
})

test('a damaged field is told with its backup', () => {
  for (const field of ['verification_checks', 'copies', 'suspect_reasons']) {
    assert.throws(() => toBackup({ ...ROW, [field]: '[' }, judgeKey), { code: 'CATALOG_CORRUPT', message: /backup 7/ })
  }
})

test('a row from before kinds were recorded has none', () => {
  assert.equal(toBackup(ROW, judgeKey).kind, 'sqlite')
  assert.equal(toBackup({ ...ROW, kind: null }, judgeKey).kind, null)
})
