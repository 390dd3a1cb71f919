import { z } from 'zod'
import { BACKUP_METHODS, BACKUP_STATUSES, BACKUP_TYPES, totalSize, type Backup } from '../core/backup/backup.ts'
import { COPY_STATUSES } from '../core/backup/copy.ts'
import { fileName } from '../core/backup/object-key.ts'
import { describeSignature } from '../core/backup/signature.ts'
import { isSuspect } from '../core/backup/suspicion.ts'
import { COMPRESSIONS } from '../core/ports/codec.ts'
import { ENCRYPTIONS } from '../core/ports/encryption.ts'
import { MAIN } from '../core/ports/part.ts'
import { inconclusiveCheck, inconsistencyOf, verificationWarning } from '../core/ports/verification.ts'
import { TIERS } from '../core/tier.ts'
import { bytes, errorCode, instant, iso } from './common.ts'
import { presentSignature, signatureSchema } from './signature.ts'
import { checkSchema } from './verification.ts'

const copySchema = z.object({
  store: z.string(),
  location: z.string(),
  status: z.enum(COPY_STATUSES).meta({ description: 'removing: no longer needed in the store, and not removed yet.' }),
  size: bytes.nullable(),
  uploadedAt: instant.nullable(),
  error: z.string().nullable(),
  attempts: z.int().nonnegative(),
  nextAttemptAt: instant.nullable().meta({ description: 'Time of the next attempt; null: immediately, or finished.' })
}).meta({ id: 'Copy' })

const partSchema = z.object({
  name: z.string(),
  fileName: z.string(),
  size: bytes.nullable().meta({ description: 'Stored size in bytes; null: not stored yet.' }),
  checksum: z.string().nullable().meta({ description: 'SHA-256 of the stored bytes, in hex; null: not stored yet.' })
}).meta({ id: 'BackupPart' })

/** The order of the keys is that of the answers: the runbook's come first. */
export const backupSchema = z.object({
  id: z.int().positive(),
  fileName: z.string(),
  filePath: z.string(),
  backupType: z.enum(BACKUP_TYPES),
  fileSize: bytes.nullable().meta({ description: 'Stored size of the file in bytes.' }),
  checksum: z.string().nullable().meta({ description: 'SHA-256 of the file, in hex.' }),
  startedAt: instant,
  completedAt: instant.nullable(),
  status: z.enum(BACKUP_STATUSES).meta({
    description:
      'failed with the errorCode CANCELLED: cancelled by a caller; metrics and alerts do not count it as a failure.'
  }),
  source: z.string(),
  method: z.enum(BACKUP_METHODS),
  schedule: z.enum(TIERS).nullable(),
  description: z.string().nullable(),
  compression: z.enum(COMPRESSIONS),
  encryption: z.enum(ENCRYPTIONS),
  originalSize: bytes.nullable().meta({ description: 'Size of the image in bytes.' }),
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
  suspicion: z.object({
    reasons: z.array(z.string()).meta({ description: 'Differences from the previous backups.' }),
    releasedAt: instant.nullable().meta({ description: 'Time of the release; null: the backup is suspect.' }),
    releasedBy: z.string().nullable()
  }).nullable().meta({ description: 'null: it does not differ from the previous backups.' }),
  signature: signatureSchema.nullable().meta({ description: 'null: it has no manifest.' }),
  foreignInstance: z.string().nullable().meta({
    description:
      'The other installation that owns the backup: no rule removes it, and only its id selects it. null: this installation owns it.'
  }),
  errorCode: errorCode.nullable(),
  trashedAt: instant.nullable().meta({ description: 'Time of the move to the trash.' }),
  deletedAt: instant.nullable().meta({ description: 'Time of the deletion; only this record remains.' }),
  totalSize: bytes.nullable().meta({ description: 'Stored size of all parts in bytes.' }),
  parts: z.array(partSchema).meta({
    description: 'The files of the backup. "fileName" and "checksum" are those of the first, "main".'
  }),
  kind: z.string().nullable().meta({
    description: 'The kind of its source; null: not recorded (incomplete or old backup).'
  }),
  chain: z.object({
    id: z.string(),
    depth: z.int().nonnegative().meta({ description: '0: the full backup of the chain.' })
  }).nullable().meta({ description: 'null: not part of a chain.' })
}).meta({ id: 'Backup' })

export type BackupView = z.infer<typeof backupSchema>

const { id, fileName: name, fileSize, status, startedAt, ...others } = backupSchema.shape

/** The same keys as a backup, in the order that the runbook has in its list. */
export const listedBackupSchema = z.object({ id, fileName: name, fileSize, status, startedAt, ...others }).meta({
  id: 'ListedBackup'
})

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
    durationMs: backup.completedAt === null
      ? null
      : Math.max(0, backup.completedAt.getTime() - backup.startedAt.getTime()),
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
      error: copy.error,
      attempts: copy.attempts,
      nextAttemptAt: iso(copy.nextAttemptAt)
    })),
    suspicion: backup.suspicion === null
      ? null
      : {
        reasons: [...backup.suspicion.reasons],
        releasedAt: iso(backup.suspicion.releasedAt),
        releasedBy: backup.suspicion.releasedBy
      },
    signature: presentSignature(backup.signature),
    foreignInstance: backup.foreignInstance,
    errorCode: backup.errorCode,
    trashedAt: iso(backup.trashedAt),
    deletedAt: iso(backup.deletedAt),
    totalSize: totalSize(backup),
    parts: [
      { name: MAIN, fileName: fileName(backup.key), size: backup.size, checksum: backup.checksum },
      ...backup.parts.map(part => ({ ...part }))
    ],
    kind: backup.kind,
    chain: backup.link === null ? null : { id: backup.link.chain, depth: backup.link.depth }
  }
}

/** What to know before one relies on it; null: nothing. */
export function presentWarning (backup: Backup): string | null {
  const { signature, verification: { checks } } = backup
  const [unproven, inconsistency] = [inconclusiveCheck(checks), inconsistencyOf(checks)]
  const found = verificationWarning(checks)
  const warning = isSuspect(backup) && backup.suspicion?.reasons.includes(found ?? '') === true ? undefined : found
  const doubts = [
    ...signature === null || signature.state === 'signed'
      ? []
      : [`The manifest of backup ${backup.id} is ${describeSignature(signature)}: its origin is not proven`],
    ...isSuspect(backup)
      ? [
        `Backup ${backup.id} is suspect and not released: ${backup.suspicion?.reasons.join('; ') ?? ''}`
      ]
      : [],
    ...warning === undefined
      ? []
      : [
        `Backup ${backup.id} ${
          unproven !== undefined
            ? 'is not verified'
            : inconsistency !== undefined
            ? 'is not known to be consistent'
            : 'breaks constraints'
        }: ${unproven?.reason ?? warning}`
      ]
  ]
  return doubts.length === 0 ? null : doubts.join('. ')
}

/** The same for the list, which has the runbook's other order. */
export function presentListed (backup: Backup): BackupView {
  const view = presentBackup(backup)
  const { id, fileName, fileSize, status, startedAt } = view
  return Object.assign({ id, fileName, fileSize, status, startedAt }, view)
}
