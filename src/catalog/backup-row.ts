import type { Backup, BackupMethod, BackupStatus, BackupType, VerificationStatus } from '../core/backup/backup.ts'
import type { BackupPart } from '../core/ports/part.ts'
import type { LinkOutline } from '../core/backup/chain-link.ts'
import type { Copy, CopyStatus } from '../core/backup/copy.ts'
import type { SignatureState } from '../core/backup/signature.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { Compression } from '../core/ports/codec.ts'
import type { Encryption } from '../core/ports/encryption.ts'
import type { Check } from '../core/ports/verification.ts'
import type { Tier } from '../core/tier.ts'
import { fromJson, toDate } from './json.ts'

/** Holds for a row of `backup_log` that is of this installation. */
export const IS_OWN = 'NOT EXISTS (SELECT 1 FROM foreign_backups WHERE foreign_backups.backup_id = backup_log.id)'

/** A row of `backup_log` with its copies, as `SELECT_BACKUP` gives it. */
export interface BackupRow {
  readonly id: number
  readonly source: string
  readonly backup_type: BackupType
  readonly method: BackupMethod
  readonly schedule: Tier | null
  readonly status: BackupStatus
  readonly store_key: string
  readonly file_path: string
  readonly description: string | null
  readonly compression: Compression
  readonly encryption: Encryption
  readonly started_at: string
  readonly completed_at: string | null
  readonly file_size_bytes: number | null
  readonly checksum: string | null
  readonly original_size_bytes: number | null
  readonly original_checksum: string | null
  readonly has_manifest: 0 | 1
  readonly signing_key: string | null
  readonly error_code: ErrorCode | null
  readonly error_message: string | null
  readonly kind: string | null
  readonly parent_id: number | null
  readonly parts: string
  readonly chain: string | null
  readonly lineage: string | null
  readonly depth: number | null
  readonly from_position: string | null
  readonly to_position: string | null
  readonly pinned: 0 | 1
  readonly suspect_reasons: string | null
  readonly released_at: string | null
  readonly released_by: string | null
  readonly verification_status: VerificationStatus
  readonly verified_at: string | null
  readonly verification_checks: string
  readonly foreign_instance: string | null
  readonly trashed_at: string | null
  readonly deleted_at: string | null
  readonly copies: string
}

interface CopyRow {
  readonly store: string
  readonly location: string
  readonly status: CopyStatus
  readonly size: number | null
  readonly uploadedAt: string | null
  readonly attempts: number
  readonly error: string | null
  readonly nextAttemptAt: string | null
}

/**
 * The beginning of every statement that reads backups. Manifests may have megabytes each, and are read one at a time
 * alone.
 */
export const SELECT_BACKUP = `
  SELECT id, source, backup_type, method, schedule, status, store_key, file_path, description, compression, encryption,
    started_at, completed_at, file_size_bytes, checksum, original_size_bytes, original_checksum, manifest IS NOT NULL AS has_manifest, signing_key,
    error_code, error_message, kind, parent_id, parts, chain, lineage, depth, from_position, to_position, pinned, suspect_reasons, released_at, released_by, verification_status, verified_at, verification_checks, trashed_at, deleted_at,
    (SELECT instance FROM foreign_backups WHERE backup_id = backup_log.id) AS foreign_instance,
    (SELECT json_group_array(json_object('store', store, 'location', location, 'status', copies.status, 'size', size_bytes,
      'uploadedAt', uploaded_at, 'attempts', attempts, 'error', error, 'nextAttemptAt', next_attempt_at) ORDER BY store) FROM copies WHERE backup_id = backup_log.id) AS copies
  FROM backup_log`

/** What a signature by a public key is worth here; null: there is no signature. */
export type JudgeKey = (key: string | null) => SignatureState

export function toBackup (row: BackupRow, judgeKey: JudgeKey): Backup {
  return {
    id: row.id,
    source: row.source,
    type: row.backup_type,
    method: row.method,
    schedule: row.schedule,
    status: row.status,
    key: row.store_key,
    filePath: row.file_path,
    description: row.description,
    compression: row.compression,
    encryption: row.encryption,
    startedAt: toDate(row.started_at),
    completedAt: toDate(row.completed_at),
    size: row.file_size_bytes,
    checksum: row.checksum,
    originalSize: row.original_size_bytes,
    originalChecksum: row.original_checksum,
    errorCode: row.error_code,
    errorMessage: row.error_message,
    kind: row.kind,
    parentId: row.parent_id,
    parts: row.parts === '[]' ? [] : fromJson<BackupPart[]>(row.parts, `the parts of backup ${row.id}`),
    link: toLink(row),
    pinned: row.pinned === 1,
    suspicion: row.suspect_reasons === null
      ? null
      : {
        reasons: fromJson<string[]>(row.suspect_reasons, `the suspicion of backup ${row.id}`),
        releasedAt: toDate(row.released_at),
        releasedBy: row.released_by
      },
    verification: {
      status: row.verification_status,
      checkedAt: toDate(row.verified_at),
      checks: fromJson<Check[]>(row.verification_checks, `the verification of backup ${row.id}`)
    },
    copies: fromJson<CopyRow[]>(row.copies, `the copies of backup ${row.id}`).map(toCopy),
    signature: row.has_manifest === 0 ? null : judgeKey(row.signing_key),
    foreignInstance: row.foreign_instance,
    trashedAt: toDate(row.trashed_at),
    deletedAt: toDate(row.deleted_at)
  }
}

type LinkRow = Pick<BackupRow, 'chain' | 'lineage' | 'depth' | 'from_position' | 'to_position'>

/** Where the backup stands in a chain; all columns have a value, or none. */
export function toLink ({ chain, lineage, depth, from_position: from, to_position: to }: LinkRow): LinkOutline | null {
  return chain === null || lineage === null || depth === null || from === null || to === null
    ? null
    : { chain, lineage, depth, from, to }
}

function toCopy (row: CopyRow): Copy {
  return { ...row, uploadedAt: toDate(row.uploadedAt), nextAttemptAt: toDate(row.nextAttemptAt) }
}
