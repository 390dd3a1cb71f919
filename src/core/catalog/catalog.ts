import type { Adopted, Found } from '../backup/adoption.ts'
import type { Tier } from '../tier.ts'
import type { AuditLog } from './audit.ts'
import type { AlertLog } from '../alert/alert.ts'
import type { Backup, BackupMethod, BackupStatus, BackupType, OutlineWithStores } from '../backup/backup.ts'
import type { BackupPart } from '../ports/part.ts'
import type { ChangeCount } from './change-count.ts'
import type { Copy, CopyLog } from '../backup/copy.ts'
import type { Encryption } from '../ports/encryption.ts'
import type { ErrorCode } from '../errors.ts'
import type { StoreIds } from '../instance.ts'
import type { HookLog } from '../hooks.ts'
import type { Job, JobLogEntry, JobKind, JobProgress, JobStatus } from '../job.ts'
import type { KeyLog } from './key.ts'
import type { Lease, LeaseLog } from './lease.ts'
import type { Manifest } from '../backup/manifest.ts'
import type { ManifestSignature } from '../backup/signature.ts'
import type { ExternalStoreLog } from './external-store.ts'
import type { SegmentLog } from './segment-log.ts'
import type { RestoreLog } from '../restore/restore.ts'
import type { RunLog } from '../schedule/run.ts'
import type { SettingsChange } from '../schedule/settings.ts'
import type { Compression } from '../ports/codec.ts'
import type { TokenLog } from './token.ts'
import type { Check, Verification } from '../ports/verification.ts'

/**
 * What the service remembers. Each method is one transaction: it happened whole and is durable once it resolves, or it
 * rejects and nothing happened. Errors: `CATALOG_BUSY` (another process holds it), `CATALOG_CORRUPT`, `CATALOG_FAILED`.
 */
export interface Catalog {
  readonly backups: BackupLog
  readonly copies: CopyLog
  readonly externalStores: ExternalStoreLog
  readonly storeIds: StoreIds
  readonly changes: ChangeCount
  readonly keys: KeyLog
  readonly alerts: AlertLog
  readonly jobs: JobLog
  readonly hooks: HookLog
  readonly leases: LeaseLog
  readonly restores: RestoreLog
  readonly runs: RunLog
  readonly segments: SegmentLog
  readonly settings: SettingsStore
  readonly idempotency: IdempotencyStore
  readonly audit: AuditLog
  readonly tokens: TokenLog
  /**
   * Changes whenever the content of the catalog does, by this process or another; an entry of the audit log alone need
   * not change it. Cheap; for caches.
   */
  version(): string
  close(): Promise<void>
}

export interface NewBackup {
  readonly source: string
  readonly type: BackupType
  readonly method: BackupMethod
  readonly schedule: Tier | null
  readonly key: string
  readonly filePath: string
  readonly description: string | null
  readonly compression: Compression
  readonly encryption: Encryption
  readonly startedAt: Date
  /** The files that it is to have in addition to the main one. */
  readonly parts: readonly BackupPart[]
  /** Whether it is made from a file of another program: a failure is then none of its source. Default: not. */
  readonly isImport?: boolean
}

export interface Completion {
  readonly manifest: Manifest
  readonly filePath: string
  /** null: the backup was not verified, or that was inconclusive. */
  readonly verification: Verification | null
  /** The checks of a verification that was inconclusive: they are kept with the backup, which stays unverified. */
  readonly inconclusive?: readonly Check[]
  readonly copies: readonly Copy[]
}

export interface Failure {
  readonly code: ErrorCode
  readonly message: string
  readonly failedAt: Date
  /** Set when the object was kept aside: where it is now, and how large. */
  readonly kept?: { readonly key: string, readonly filePath: string, readonly size: number }
  /** Set when the failure is that of the verification. */
  readonly verification?: Verification
}

export interface BackupQuery {
  readonly source?: string | undefined
  /** Only backups of other sources than this one. */
  readonly exceptSource?: string | undefined
  readonly status?: BackupStatus | undefined
  readonly type?: BackupType | undefined
  readonly method?: BackupMethod | undefined
  /** Only backups started at or after this instant. */
  readonly since?: Date | undefined
  /** Only backups that this store holds. */
  readonly store?: string | undefined
  /** true: only what is in the trash; otherwise nothing of it. Rows of removed backups are never listed. */
  readonly trashed?: boolean | undefined
  /** At most this many, 1 to 500. */
  readonly limit: number
  /** Only backups with a smaller id. */
  readonly before?: number | undefined
  /**
   * true: the last started first, for a caller that needs the newest state of one source: an imported backup has a
   * larger id than newer ones. There are no further pages then. Default: the largest id first.
   */
  readonly byTime?: boolean | undefined
}

export interface BackupPage {
  /** Newest (largest id, unless `byTime`) first. */
  readonly backups: readonly Backup[]
  /** How many match, whatever the limit and the cursor. */
  readonly count: number
  /** The `before` of the next page; null: this was the last. */
  readonly next: number | null
}

export interface SourceStatistics {
  readonly source: string
  readonly lastSuccess: Date | null
  /** Cancelled backups are none, here and in `failedBackups`. */
  readonly lastFailure: Date | null
  readonly lastVerified: Date | null
  /** Start of the newest scheduled run, whatever came of it. */
  readonly lastScheduled: Date | null
  readonly oldest: Date | null
  readonly newest: Date | null
  /**
   * When one was last restored, or drilled and passed, and how long the content took to get into its place, in
   * milliseconds.
   */
  readonly lastProven: Date | null
  readonly restoreTime: number | null
  /** Start of the newest live backup that was proven valid. */
  readonly newestProven: Date | null
  /** Live backups and their stored bytes. */
  readonly count: number
  readonly size: number
}

/** Counted over completed backups that still exist (those in the trash do not), but for `failedBackups`. */
export interface Statistics {
  readonly totalBackups: number
  readonly totalSize: number
  readonly oldestBackup: Date | null
  readonly newestBackup: Date | null
  readonly failedBackups: number
  /** Every source that has a row, in the order of names. */
  readonly sources: readonly SourceStatistics[]
}

/** `backup_log` and what hangs on it. A method that is given an id without a row rejects with `BACKUP_NOT_FOUND`. */
export interface BackupLog {
  /** Records that a backup is under way. Its id is at most `LARGEST_ID`; `CATALOG_FAILED` where none is left. */
  start(backup: NewBackup): Promise<Backup>
  /** The object turned out to need another name. */
  rename(id: number, key: string, filePath: string): Promise<Backup>
  complete(id: number, completion: Completion): Promise<Backup>
  fail(id: number, failure: Failure): Promise<Backup>
  get(id: number): Promise<Backup>
  list(query: BackupQuery): Promise<BackupPage>
  /** Every backup of the source whose object still exists, newest first. */
  existing(source: string): Promise<readonly OutlineWithStores[]>
  /**
   * Manifests of the last good backups of the source, newest first, whether or not they are still there. What is
   * suspect, or was found damaged, is none. `method`: only of backups made by that one. `before`: only of those started
   * before that instant.
   */
  lastGood(
    source: string,
    limit: number,
    only?: { readonly method?: BackupMethod | undefined, readonly before?: Date | undefined }
  ): Promise<readonly Manifest[]>
  /**
   * The backup of the source that was imported for this time from content with this digest, also where it is in the
   * trash; undefined: there is none, or it is gone.
   */
  imported(source: string, at: Date, sha256: string): Promise<Backup | undefined>
  /**
   * Whether a backup of the source has that file name in any store, or may have, the one with the id `except` apart. A
   * backup that failed has none, and one that was removed has none once its copies are gone.
   */
  isNamed(source: string, fileName: string, except?: number): Promise<boolean>
  /** Whether an increment that is built on the backup exists outside the trash. */
  isBuiltOn(id: number): Promise<boolean>
  /** Rows that say `in_progress`. */
  running(): Promise<readonly Backup[]>
  /** Every backup in the trash, oldest first. */
  trashed(): Promise<readonly Backup[]>
  /** Failed backups of the source whose object was kept aside, newest first. */
  quarantined(source: string): Promise<readonly Backup[]>
  edit(
    id: number,
    change: { readonly description?: string | null | undefined, readonly pinned?: boolean | undefined },
    signature?: ManifestSignature
  ): Promise<Backup>
  /** A suspect is a good backup from now on. Rejects with `BACKUP_NOT_SUSPECT`. */
  releaseSuspect(id: number, at: Date, by: string, signature?: ManifestSignature): Promise<Backup>
  trash(id: number, key: string, filePath: string, at: Date): Promise<Backup>
  undelete(id: number, key: string, filePath: string): Promise<Backup>
  /** The object is no longer in the landing store, and is read at `filePath` from now on. */
  evict(id: number, landing: string, filePath: string): Promise<Backup>
  /**
   * The object is gone; the row stays as history, and with it whatever copies in the stores `elsewhere` are still to be
   * removed.
   */
  remove(id: number, at: Date, elsewhere?: readonly string[]): Promise<Backup>
  /** Adds to the verification history and makes it the last verification. */
  recordVerification(id: number, verification: Verification, at: Date): Promise<Backup>
  /**
   * The last verification does not hold any more: the backup counts as unverified. The history of its verifications
   * stays.
   */
  unverify(id: number): Promise<Backup>
  /** Live backups which the last verification did not find in the store that is taken to hold them. */
  lost(store: string): Promise<readonly Backup[]>
  verifications(id: number): Promise<readonly VerificationRecord[]>
  statistics(): Promise<Statistics>
  /** The manifest as it was written, for comparison with the one in the store. */
  manifest(id: number): Promise<Manifest | undefined>
  /**
   * Takes a backup over from its manifest: rebuild. Keeps the manifest's id where it is free and `isAdoptableId`, and
   * takes a new one otherwise. What it is built on is found by what its manifest says, whichever of the two is taken
   * over first. Where the source has a backup of that file name, that one gets the copy. Rejects with
   * `MANIFEST_INVALID` where the manifest tells another object than that backup is.
   */
  adopt(manifest: Manifest, found: Found): Promise<Adopted>
}

export interface VerificationRecord {
  readonly checkedAt: Date
  readonly verification: Pick<Verification, 'valid' | 'checks'>
}

export interface NewJob {
  /** What the job has for itself until it ends. */
  readonly leases: readonly string[]
  readonly kind: JobKind
  readonly source: string | null
  readonly backupId: number | null
  readonly createdAt: Date
}

export interface JobChange {
  readonly status: JobStatus
  readonly at: Date
  readonly progress: JobProgress
  readonly backupId: number | null
  readonly errorCode?: ErrorCode
  readonly errorMessage?: string
}

export interface JobLog {
  /** Takes the job's leases along with it, or adds nothing where another process has one: `lease` is that one then. */
  add(job: NewJob): Promise<{ readonly job: Job } | { readonly lease: Lease }>
  /** A job that ends gives its leases back. */
  change(id: number, change: JobChange): Promise<Job>
  /** Rejects with `JOB_NOT_FOUND`. */
  get(id: number): Promise<Job>
  /** Adds to the log of a job, also of one that has ended. */
  addLog(id: number, entry: JobLogEntry): Promise<void>
  /** The log of a job, oldest entry first; empty for a job that does not exist. */
  log(id: number): Promise<readonly JobLogEntry[]>
  /** Newest first. */
  list(query: {
    readonly limit: number
    readonly before?: number | undefined
    readonly status?: JobStatus | undefined
  }): Promise<{ readonly jobs: readonly Job[], readonly next: number | null }>
  /**
   * Ends every unfinished job of a process that is gone, as failed with `INTERRUPTED`, and its leases. Returns how
   * many.
   */
  interrupt(at: Date): Promise<number>
  /** Forgets finished jobs that ended before `before`. */
  purge(before: Date): Promise<number>
}

/** The settings changed through the API; they survive a restart. */
export interface SettingsStore {
  load(): Promise<SettingsChange>
  save(change: SettingsChange, at: Date): Promise<void>
  /** Which installation this is: `preferred`, or a new id, for a catalog that has none. It stays with the catalog. */
  instanceId(preferred?: string): Promise<string>
}

export interface StoredAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Answers already given, by idempotency key; `scope` is the caller and the route, `fingerprint` the request. */
export interface IdempotencyStore {
  find(
    scope: string,
    key: string,
    since: Date
  ): Promise<{ readonly fingerprint: string, readonly answer: StoredAnswer } | undefined>
  save(scope: string, key: string, fingerprint: string, answer: StoredAnswer, at: Date): Promise<void>
  purge(before: Date): Promise<number>
}
