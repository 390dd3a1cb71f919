import type { Backup } from '../../core/backup.ts'
import { fileName } from '../../core/object-key.ts'
import type { BackupView } from '../schemas/backup.ts'
import { iso } from './instant.ts'

/** A backup as the API shows it. The runbook's keys come first, in its order; clients may rely on that. */
export function presentBackup (backup: Backup): BackupView {
  return {
    id: backup.id,
    fileName: fileName(backup.key),
    filePath: backup.filePath,
    backupType: backup.type,
    fileSize: backup.size,
    checksum: backup.checksum,
    startedAt: backup.startedAt.toISOString(),
    completedAt: iso(backup.completedAt),
    status: backup.status,
    source: backup.source,
    method: backup.method,
    schedule: backup.schedule,
    description: backup.description,
    compression: backup.compression,
    encryption: backup.encryption,
    originalSize: backup.originalSize,
    durationMs: backup.completedAt === null ? null : Math.max(0, backup.completedAt.getTime() - backup.startedAt.getTime()),
    errorMessage: backup.errorMessage,
    pinned: backup.pinned,
    parentId: backup.parentId,
    verification: {
      status: backup.verification.status,
      checkedAt: iso(backup.verification.checkedAt),
      checks: [...backup.verification.checks]
    },
    copies: backup.copies.map(copy => ({
      store: copy.store,
      location: copy.location,
      status: copy.status,
      size: copy.size,
      uploadedAt: iso(copy.uploadedAt),
      error: copy.error
    })),
    errorCode: backup.errorCode,
    trashedAt: iso(backup.trashedAt),
    deletedAt: iso(backup.deletedAt)
  }
}

/** The same for the list, which has the runbook's other order. */
export function presentListed (backup: Backup): BackupView {
  const view = presentBackup(backup)
  const { id, fileName, fileSize, status, startedAt } = view
  return Object.assign({ id, fileName, fileSize, status, startedAt }, view)
}
