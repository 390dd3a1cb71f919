import type { Backup } from '../../../src/core/backup/backup.ts'
import { VALID } from './verification.ts'

const MINUTE = 60_000
/** When the backup of `aBackup` was begun. */
export const STARTED = new Date('2025-11-24T23:30:00.000Z')
/** The present of those who look at backups of `backupOf`: ten thousand minutes after the first. */
export const NOW = STARTED

/** A backup that is whole in every field. */
export function aBackup (given: Partial<Backup> = {}): Backup {
  const id = given.id ?? 1
  const key = 'workstation-backup-2025-11-24T23-30-00.db'
  return {
    id,
    source: 'workstation',
    type: 'manual',
    method: 'full',
    schedule: null,
    status: 'completed',
    key,
    filePath: `/backups/${key}`,
    description: null,
    compression: 'none',
    encryption: 'none',
    startedAt: STARTED,
    completedAt: new Date(STARTED.getTime() + 5000),
    size: 1_048_576,
    checksum: 'a'.repeat(64),
    originalSize: 1_048_576,
    originalChecksum: 'a'.repeat(64),
    errorCode: null,
    errorMessage: null,
    kind: 'sqlite',
    parentId: null,
    parts: [],
    link: null,
    pinned: false,
    suspicion: null,
    signature: null,
    foreignInstance: null,
    verification: { status: 'valid', checkedAt: STARTED, checks: VALID.checks },
    copies: [{
      store: 'local',
      location: `/backups/${key}`,
      status: 'stored',
      size: 1_048_576,
      uploadedAt: STARTED,
      attempts: 0,
      error: null,
      nextAttemptAt: null
    }],
    trashedAt: null,
    deletedAt: null,
    ...given
  }
}

/** One of a series: a scheduled backup, made `id` minutes after the first; nothing of it was verified. */
export function backupOf (id: number, given: Partial<Backup> = {}): Backup {
  const startedAt = new Date(NOW.getTime() - 10_000 * MINUTE + id * MINUTE)
  const key = `shop-backup-${id}.db`
  return aBackup({
    id,
    source: 'shop',
    type: 'scheduled',
    key,
    filePath: `/backups/${key}`,
    startedAt,
    completedAt: startedAt,
    size: 10,
    originalSize: 10,
    verification: { status: 'unverified', checkedAt: null, checks: [] },
    copies: [],
    ...given
  })
}

export const VERIFIED: Pick<Backup, 'verification'> = { verification: { status: 'valid', checkedAt: NOW, checks: [] } }
export const DAMAGED: Pick<Backup, 'verification'> = { verification: { status: 'invalid', checkedAt: NOW, checks: [] } }
