import type { ErrorCode } from '../errors.ts'
import type { Compression } from '../ports/codec.ts'
import type { Encryption } from '../ports/encryption.ts'
import type { BackupPart } from '../ports/part.ts'
import type { Check } from '../ports/verification.ts'
import type { Tier } from '../tier.ts'
import type { LinkOutline } from './chain-link.ts'
import type { Copy } from './copy.ts'
import type { SignatureState } from './signature.ts'

export const BACKUP_TYPES = ['manual', 'scheduled', 'pre-migration'] as const
export type BackupType = typeof BACKUP_TYPES[number]

export const BACKUP_STATUSES = ['in_progress', 'completed', 'failed'] as const
export type BackupStatus = typeof BACKUP_STATUSES[number]

export const BACKUP_METHODS = ['full', 'incremental', 'wal'] as const
export type BackupMethod = typeof BACKUP_METHODS[number]

/** `unverified`: never tried, or not to be tried by configuration. */
export type VerificationStatus = 'valid' | 'invalid' | 'unverified'

export interface LastVerification {
  readonly status: VerificationStatus
  readonly checkedAt: Date | null
  readonly checks: readonly Check[]
}

/** Why a backup is not like those before it or not known to be consistent, and whether it was released. */
export interface Suspicion {
  /** In words and figures, one each; never empty. */
  readonly reasons: readonly string[]
  /** Declared good since then; null: nobody has decided yet. */
  readonly releasedAt: Date | null
  /** Who declared it good. */
  readonly releasedBy: string | null
}

/** One row of `backup_log`. Sizes are bytes, digests SHA-256 in hex. */
export interface Backup {
  readonly id: number
  readonly source: string
  readonly type: BackupType
  readonly method: BackupMethod
  /** The tier that a scheduled backup belongs to; null for an interval and for everything not scheduled. */
  readonly schedule: Tier | null
  readonly status: BackupStatus
  /** Name of the object in the landing store. It changes when the object is set aside or goes into the trash. */
  readonly key: string
  /** Where that is, for people. */
  readonly filePath: string
  readonly description: string | null
  readonly compression: Compression
  readonly encryption: Encryption
  readonly startedAt: Date
  readonly completedAt: Date | null
  /** Of the stored bytes of the main part, as `checksum` is. */
  readonly size: number | null
  readonly checksum: string | null
  /** Of the plain image. */
  readonly originalSize: number | null
  readonly originalChecksum: string | null
  readonly errorCode: ErrorCode | null
  readonly errorMessage: string | null
  /** The kind of its source; null: not recorded, as of a backup that is not complete or is an old one. */
  readonly kind: string | null
  /** What it is built on; null: nothing, or a backup that is not known here (`link.depth` above 0). */
  readonly parentId: number | null
  /** null: it is in no chain. */
  readonly link: LinkOutline | null
  /** What there is in addition to the main part, in the order of the manifest. */
  readonly parts: readonly BackupPart[]
  readonly pinned: boolean
  /** Set where it is not like the backups before it, or not known to be consistent. */
  readonly suspicion: Suspicion | null
  readonly verification: LastVerification
  readonly copies: readonly Copy[]
  /** Who vouches for its manifest; null: it has none. */
  readonly signature: SignatureState | null
  /** The other installation whose backup it is; null: it is this one's own. */
  readonly foreignInstance: string | null
  /** In the trash since then; null: not there. */
  readonly trashedAt: Date | null
  /** Gone since then: the row stays, object and manifest do not. */
  readonly deletedAt: Date | null
}

/**
 * What has to be known of a backup to decide whether it stays, of any number of them: neither its checks nor its copies
 * nor what its manifest says.
 */
export interface BackupOutline extends
  Pick<
    Backup,
    | 'id'
    | 'source'
    | 'type'
    | 'schedule'
    | 'status'
    | 'key'
    | 'size'
    | 'startedAt'
    | 'completedAt'
    | 'parentId'
    | 'link'
    | 'pinned'
    | 'trashedAt'
    | 'deletedAt'
  > {
  readonly verification: Pick<LastVerification, 'status'>
  readonly suspicion: Pick<Suspicion, 'releasedAt'> | null
}

export interface OutlineWithStores extends BackupOutline {
  /** Names of the stores that hold it. */
  readonly stores: readonly string[]
}

/**
 * A caller ended it before it was made. Its row has the status `failed`, as the REST contract knows no other, and is no
 * failure.
 */
export function isCancelled (backup: Pick<Backup, 'status' | 'errorCode'>): boolean {
  return backup.status === 'failed' && backup.errorCode === 'CANCELLED'
}

/** Stored bytes of all parts; null: not stored yet. */
export function totalSize ({ size, parts }: Pick<Backup, 'size' | 'parts'>): number | null {
  return size === null ? null : parts.reduce((sum, part) => sum + (part.size ?? 0), size)
}

/** Completed, and its object is where a restore would look for it. */
export function isLive (backup: Pick<Backup, 'status' | 'trashedAt' | 'deletedAt'>): boolean {
  return backup.status === 'completed' && backup.trashedAt === null && backup.deletedAt === null
}

/** Clocks of two machines may differ by so much. Milliseconds. */
export const CLOCK_SKEW = 5 * 60_000

/** Begun later than `now`, and by more than clocks differ: no search for the newest backup may choose it. */
export function isFromFuture (startedAt: Date, now: Date): boolean {
  return startedAt.getTime() - now.getTime() > CLOCK_SKEW
}
