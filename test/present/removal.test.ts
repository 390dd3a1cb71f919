import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { presentRemovedFor, removedForShape } from '../../src/present/removal.ts'
import { backupOf } from '../support/builders/backup.ts'

test('a removal names the backup, its file without the folder, its size with all parts, and why it went', () => {
  const backup = backupOf(3, {
    key: 'trash/shop-backup-3.db',
    size: 100,
    parts: [{ name: 'wal', fileName: 'shop-backup-3.wal', size: 20, checksum: null }]
  })
  const view = presentRemovedFor({
    removed: [{ backup, removal: 'trash', reasons: ['beyond the 2 that maxBackups keeps'] }],
    rotationError: 'STORE_FAILED'
  })
  assert.deepEqual(z.strictObject(removedForShape).parse(view), {
    removed: [{
      backupId: 3,
      fileName: 'shop-backup-3.db',
      source: backup.source,
      startedAt: backup.startedAt.toISOString(),
      totalSize: 120,
      removal: 'trash',
      reasons: ['beyond the 2 that maxBackups keeps']
    }],
    rotationError: 'STORE_FAILED'
  })
})
