import type { Backup } from '../../../src/core/backup/backup.ts'

const MINUTE = 60_000
export const NOW = new Date('2025-11-24T23:30:00.000Z')

/** A live backup, made `id` minutes after the first; nothing of it was verified. */
export function backupOf (id: number, given: Partial<Backup> = {}): Backup {
  const startedAt = new Date(NOW.getTime() - 10_000 * MINUTE + id * MINUTE)
  const key = `shop-backup-${id}.db`
  return {
    id,
    source: 'shop',
    type: 'scheduled',
    method: 'full',
    schedule: null,
    status: 'completed',
    key,
    filePath: `/backups/${key}`,
    description: null,
    compression: 'none',
    encryption: 'none',
    startedAt,
    completedAt: startedAt,
    size: 10,
    checksum: 'a'.repeat(64),
    originalSize: 10,
    originalChecksum: 'a'.repeat(64),
    errorCode: null,
    errorMessage: null,
    parentId: null,
    link: null,
    pinned: false,
    suspicion: null,
    signature: null,
    foreignInstance: null,
    verification: { status: 'unverified', checkedAt: null, checks: [] },
    copies: [],
    trashedAt: null,
    deletedAt: null,
    ...given
  }
}

export const VERIFIED: Pick<Backup, 'verification'> = { verification: { status: 'valid', checkedAt: NOW, checks: [] } }
export const DAMAGED: Pick<Backup, 'verification'> = { verification: { status: 'invalid', checkedAt: NOW, checks: [] } }
