import { z } from 'zod'
import { BACKUP_METHODS, BACKUP_STATUSES, BACKUP_TYPES, TIERS } from '../../core/backup.ts'
import { COMPRESSIONS } from '../../core/stage.ts'
import { CHECK_NAMES } from '../../core/verification.ts'
import { bytes, description, errorCode, flag, instant, nextCursor, paging, since, sourceName, success } from './common.ts'
import { statisticsSchema } from './statistics.ts'

export const checkSchema = z.object({
  name: z.enum(CHECK_NAMES),
  status: z.enum(['pass', 'fail', 'skipped']),
  reason: z.string().optional()
}).meta({ id: 'Check' })

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

const { id, fileName, fileSize, status, startedAt, ...others } = backupSchema.shape

/** The same keys as a backup, in the order that the runbook has in its list. */
export const listedBackupSchema = z.object({ id, fileName, fileSize, status, startedAt, ...others }).meta({ id: 'ListedBackup' })

export const backupListQuery = z.strictObject({
  source: sourceName.optional(),
  status: z.enum(BACKUP_STATUSES).optional(),
  type: z.enum(BACKUP_TYPES).optional(),
  method: z.enum(BACKUP_METHODS).optional(),
  since: since.optional(),
  trashed: flag.optional().meta({ description: 'true: only what is in the trash; otherwise nothing of it.' }),
  ...paging
})

export const backupListAnswer = z.object({
  success,
  backups: z.array(listedBackupSchema),
  statistics: statisticsSchema,
  count: z.int().nonnegative().meta({ description: 'How many match, whatever the limit.' }),
  nextCursor
})

export const createBody = z.strictObject({
  type: z.enum(['manual', 'pre-migration']).default('manual'),
  source: sourceName.optional(),
  method: z.enum(['full', 'incremental']).optional(),
  description: description.optional(),
  compression: z.enum(COMPRESSIONS).optional(),
  verify: z.boolean().optional(),
  upload: z.literal(false, 'there is no other store to upload to').optional()
}).prefault({})

export const backupAnswer = z.object({ success, backup: backupSchema })
export const backupMessageAnswer = z.object({ success, message: z.string(), backup: backupSchema })
export const backupDetailAnswer = z.object({
  success,
  backup: backupSchema,
  verifications: z.array(z.object({ checkedAt: instant, valid: z.boolean(), checks: z.array(checkSchema) }))
    .meta({ description: 'Every verification so far, newest first.' })
})

export const editBody = z.strictObject({
  description: description.nullable().optional(),
  pinned: z.boolean().optional().meta({ description: 'A pinned backup is never pruned.' })
})

export const removeQuery = z.strictObject({ force: flag.default(false).meta({ description: 'true: even the last valid backup of its source.' }) })
export const downloadQuery = z.strictObject({ decoded: flag.default(false).meta({ description: 'true: the plain image, decompressed.' }) })
