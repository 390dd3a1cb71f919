import { z } from 'zod'
import { BACKUP_METHODS, BACKUP_STATUSES, BACKUP_TYPES, TIERS, type Backup } from '../core/backup.ts'
import { fileName } from '../core/object-key.ts'
import { COMPRESSIONS } from '../core/stage.ts'
import { bytes, errorCode, instant, iso } from './common.ts'
import { checkSchema } from './verification.ts'

const copySchema = z.object({
  store: z.string(),
  location: z.string(),
  status: z.enum(['pending', 'stored', 'failed']),
  size: bytes.nullable(),
  uploadedAt: instant.nullable(),
  error: z.string().nullable()
}).meta({ id: 'Copy' })

/** The order of the keys is that of the answers: the runbook's come first. */
export const backupSchema = z.object({
  id: z.int().positive(),
  fileName: z.string(),
  filePath: z.string(),
  backupType: z.enum(BACKUP_TYPES),
  fileSize: bytes.nullable().meta({ description: 'Bytes as stored.' }),
  checksum: z.string().nullable().meta({ description: 'SHA-256 of the stored bytes, in hex.' }),
  startedAt: instant,
  completedAt: instant.nullable(),
  status: z.enum(BACKUP_STATUSES),
  source: z.string(),
  method: z.enum(BACKUP_METHODS),
  schedule: z.enum(TIERS).nullable(),
  description: z.string().nullable(),
  compression: z.enum(COMPRESSIONS),
  encryption: z.literal('none'),
  originalSize: bytes.nullable().meta({ description: 'Bytes of the plain image.' }),
  durationMs: z.int().nonnegative().nullable(),
  errorMessage: z.string().nullable(),
  pinned: z.boolean(),
  parentId: z.int().nullable(),
  verification: z.object({
    status: z.enum(['valid', 'invalid', 'unverified']),
    checkedAt: instant.nullable(),
    checks: z.array(checkSchema)
  }),
  copies: z.array(copySchema),
  errorCode: errorCode.nullable(),
  trashedAt: instant.nullable().meta({ description: 'In the trash since then.' }),
  deletedAt: instant.nullable().meta({ description: 'Gone since then; only this record is left.' })
}).meta({ id: 'Backup' })

export type BackupView = z.infer<typeof backupSchema>

const { id, fileName: name, fileSize, status, startedAt, ...others } = backupSchema.shape

/** The same keys as a backup, in the order that the runbook has in its list. */
export const listedBackupSchema = z.object({ id, fileName: name, fileSize, status, startedAt, ...others }).meta({ id: 'ListedBackup' })

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
