import type { Readable } from 'node:stream'
import type { Backup, BackupMethod, BackupType } from '../core/backup/backup.ts'
import type {
  BackupPage,
  BackupQuery,
  SourceStatistics,
  Statistics,
  VerificationRecord
} from '../core/catalog/catalog.ts'
import type { BackupError, ErrorCode } from '../core/errors.ts'
import type { Job, JobStatus, Work } from '../core/job.ts'
import type { Manifest } from '../core/backup/manifest.ts'
import type { HeldKey } from '../core/ports/encryption.ts'
import type { SourcePolicy } from '../core/schedule/policy.ts'
import type { Restore, RestoreMode, RestorePage, RestoreQuery } from '../core/restore/restore.ts'
import type { Retained, RetentionRules } from '../core/retention/retention.ts'
import type { ConflictPolicy, Difference, Rescue, RowSelection } from '../core/restore/rows.ts'
import type { Run, RunQuery } from '../core/schedule/run.ts'
import type { SettingsChange, SettingsReport } from '../core/schedule/settings.ts'
import type { Compression } from '../core/ports/codec.ts'
import type { ByteRange } from '../core/ports/store.ts'
import type { StoreProbe } from '../core/ports/store-probe.ts'
import type { Verification } from '../core/ports/verification.ts'
import type { Tier } from '../core/tier.ts'
import type { SigningKeys } from './signing.ts'

export interface CreateRequest {
  /** Default: the default source. */
  readonly source?: string | undefined
  readonly type: BackupType
  readonly method?: BackupMethod | undefined
  readonly schedule?: Tier | undefined
  readonly description?: string | undefined
  /** Default: the policy of the source. */
  readonly compression?: Compression | undefined
  /** Default: the policy of the source. */
  readonly verify?: boolean | undefined
  /**
   * Whether to wait for its copies, too; a copy that fails is then the outcome, although the backup is made. Default:
   * they are made afterwards.
   */
  readonly upload?: boolean | undefined
  /**
   * Whether the caller may remove backups, too. false: nothing gives way to make room for this one. Default: it may.
   */
  readonly mayRemove?: boolean | undefined
}

export interface RestoreRequest {
  /** An absolute path. Default: the source itself. */
  readonly target?: string | undefined
  /**
   * Whether `target` must be in one of the directories that the configuration names, as for callers who have no shell.
   * Default: not.
   */
  readonly isConfined?: boolean | undefined
  /** For the source itself. Default: `live`, or `replace` where there is no database to write into. */
  readonly mode?: RestoreMode | undefined
  /** Whether a file at `target` may give way. */
  readonly overwrite?: boolean | undefined
  /** false: only its digest is checked first, not what is in it. */
  readonly verify?: boolean | undefined
  /** How long to wait for those who hold the database, in milliseconds. Default: 15 seconds. */
  readonly timeout?: number | undefined
  /** Who asks for it. */
  readonly actor?: string | undefined
}

export interface DrillRequest {
  /** This backup, … */
  readonly id?: number | undefined
  /** … or one of this source. Default: the default source. */
  readonly source?: string | undefined
  /** Who asks for it; null: the schedule. */
  readonly actor: string | null
}

export interface RebuildRequest {
  /** The URL of a store: `s3://bucket/prefix`, `file:///mnt/disk`. Default: every store that is known. */
  readonly from?: string | undefined
  /** Only to look at what is there. */
  readonly isListing?: boolean | undefined
  /** Makes the configured stores, and every backup in them, this installation's own. Not with `from`. */
  readonly takeOver?: boolean | undefined
  /** Where the landing store has lost everything: goes on with an empty one. What other stores hold stays. */
  readonly acceptEmpty?: boolean | undefined
}

export interface DiffRequest {
  /** What the backup is held against: another backup by its id, or the source as it stands now. */
  readonly with: number | 'live'
  /** Only these tables; left out: all. */
  readonly tables?: readonly string[] | undefined
  /** At most so many rows of each table are told. Default: 0. */
  readonly rows?: number | undefined
  /** Rows of each table that are passed over first. Default: 0. */
  readonly from?: number | undefined
  /** Bytes at which a value is cut. Default: `VALUE_BYTES`. */
  readonly valueBytes?: number | undefined
}

export interface Compared {
  readonly backup: Backup
  /** null: the live database. */
  readonly other: Backup | null
  readonly difference: Difference
}

export interface RescueRequest {
  readonly selections: readonly RowSelection[]
  /** Whether rows that refer to the chosen ones, and are gone, come along. Default: not. */
  readonly children?: boolean | undefined
  /** Default: `skip`. */
  readonly conflict?: ConflictPolicy | undefined
  /** Only tell what would be done. */
  readonly dryRun: boolean
  /** How long to wait for those who hold the database, in milliseconds. Default: 15 seconds. */
  readonly timeout?: number | undefined
}

export interface Rescued {
  readonly backup: Backup
  readonly dryRun: boolean
  readonly rescue: Rescue
  /** The backup from before live rows were overwritten; null: none were, or it was a dry run. */
  readonly safetyBackupId: number | null
}

export interface BackupEdit {
  readonly description?: string | null | undefined
  readonly pinned?: boolean | undefined
  /**
   * true: a backup that is pinned stays as it is, since it may be the last that retention would leave, and only so many
   * that were made by hand are pinned (`TOO_MANY_PINNED`). Both are for an admin.
   */
  readonly keepsPinned?: boolean | undefined
}

export interface Verified {
  readonly backup: Backup
  readonly verification: Verification
}

export interface VerifiedAll {
  /** In the order in which they were verified: oldest first. */
  readonly results: readonly Verified[]
  /** Those that could not be judged, whole or damaged, and why; likewise. */
  readonly failures: ReadonlyArray<{ readonly backupId: number, readonly error: BackupError }>
}

export interface PruneRequest {
  /** Default: every source. */
  readonly source?: string | undefined
  /** Only to tell what would be removed. */
  readonly dryRun: boolean
  readonly force?: boolean | undefined
  /**
   * true: nobody asks for it but the schedule. Then what is over `maxBackups` because backups were made faster than the
   * schedule asks for stays.
   */
  readonly isScheduled?: boolean | undefined
}

export interface Pruned {
  readonly dryRun: boolean
  /** Every live backup of the sources asked for, with the rule that decided. */
  readonly decisions: readonly Retained[]
  /** Those that were removed; empty on a dry run. */
  readonly removed: readonly Backup[]
  /** What becomes of the copies in stores with rules of their own. */
  readonly copies: readonly RetainedCopy[]
  /** On a dry run: sources of which so much would go that only `force` removes it. */
  readonly refused: readonly PruneRefusal[]
}

export interface RetainedCopy extends Retained {
  readonly store: string
}

export interface PruneRefusal {
  readonly source: string
  /** So many backups would go, … */
  readonly going: number
  /** … of so many that there are. */
  readonly of: number
}

export interface Download {
  readonly fileName: string
  /** Name of the store that it is read from. */
  readonly store: string
  /** Strong validator: the digest of the bytes that `body` would give without a range. */
  readonly etag: string
  /** Length of the whole, in bytes. */
  readonly size: number
  readonly contentType: string
  /**
   * Opens the bytes, without a range all of them. The last of them come only once everything is proven, so that a
   * reader who counts never has all of something that is wrong; of a part of a stored object nothing comes that is not
   * proven. Rejects, or errors, with `CHECKSUM_MISMATCH`, `DECODE_FAILED`, or what the store rejects with.
   */
  open(range: ByteRange | undefined, signal: AbortSignal): Promise<Readable>
}

export interface SourceState {
  readonly name: string
  readonly kind: string
  readonly location: string
  readonly isDefault: boolean
  /** `busy`: a backup is under way; `failing`: the last one failed; `never`: none was made yet. */
  readonly state: 'ok' | 'busy' | 'failing' | 'never'
  readonly policy: SourcePolicy
  readonly statistics: SourceStatistics
  readonly nextRun: Date | null
  /** A good backup started at or after this must exist, or the schedule was not kept; null: nothing is asked. */
  readonly freshSince: Date | null
  /** That a backup restores must have been proven at or after this, or drills are overdue; null: nothing is asked. */
  readonly provenSince: Date | null
}

export interface ServiceStatistics extends Statistics {
  readonly states: readonly SourceState[]
}

export interface EvidenceQuery {
  /** Default: every source. */
  readonly source?: string | undefined
  /** Default: 90 days before `until`. */
  readonly since?: Date | undefined
  /** Default: now. */
  readonly until?: Date | undefined
}

/** What was drilled in a span of time, for whoever must prove that backups restore. */
export interface EvidenceOfDrills {
  readonly madeAt: Date
  readonly since: Date
  readonly until: Date
  /** How each source that is asked for stands now. */
  readonly states: readonly SourceState[]
  /** Every drill begun in the span, newest first, also of sources that are no longer configured. */
  readonly drills: readonly Restore[]
}

/** A place where backups are kept, and how it stands. */
export interface StoreState {
  readonly name: string
  readonly kind: string
  readonly place: string
  /** Backups land here first. */
  readonly isLanding: boolean
  /** It was only taken over from, by its URL: nothing is ever written there. */
  readonly isRemembered: boolean
  /** `waiting`: copies are still to come; `failing`: the last try of one of them failed. */
  readonly state: 'ok' | 'waiting' | 'failing'
  /** How many backups it holds, … */
  readonly stored: number
  /** … and their bytes. */
  readonly bytes: number
  /** Copies that were promised and are not there yet. */
  readonly waiting: number
  readonly failure: string | null
  readonly isAppendOnly: boolean
  readonly hasLock: boolean
  /** Rules of its own; null: none. */
  readonly retention: RetentionRules | null
  readonly maxBackups: number | null
  /** Bytes a second; null: no limit. */
  readonly bandwidth: number | null
}

/** A key that is configured here, or that backups which are there are sealed to. */
export interface KeyState extends HeldKey {
  /** Backups that it opens. */
  readonly backups: number
  /** When somebody last said that its recovery card is stored; null: nobody has. */
  readonly confirmedAt: Date | null
  readonly confirmedBy: string | null
}

export interface Thawing {
  readonly backup: Backup
  /** Name of the store in which it is made readable; null: it can be read already. */
  readonly store: string | null
  /** It takes so many hours at most; 0: it can be read already. */
  readonly hours: number
}

/** What a store holds of one source, by the manifests there. */
export interface FoundSource {
  readonly source: string
  readonly backups: number
  /** Of the stored objects. */
  readonly bytes: number
  readonly oldest: Date
  readonly newest: Date
}

export interface RebuiltStore {
  readonly name: string
  readonly kind: string
  /** Where it is, for people. */
  readonly place: string
  /** In the order of names. */
  readonly sources: readonly FoundSource[]
  /** Backups that the catalog did not know. */
  readonly added: number
  /** Backups that it knew, and has one copy more of. */
  readonly joined: number
  /** Backups of other installations: they are listed, and no rule touches them. */
  readonly foreign: number
  /** Manifests that could not be taken over, with the reason. */
  readonly refused: ReadonlyArray<{ readonly key: string, readonly reason: string }>
  /** Why not everything that is there could be read; null: it could. */
  readonly failure: { readonly code: ErrorCode, readonly message: string } | null
}

export interface Rebuilt {
  /** Backups that the manifests tell of, each counted once. */
  readonly adopted: number
  /** In the order in which they were read. */
  readonly stores: readonly RebuiltStore[]
}

/**
 * The verbs, as the edges call them. Every method rejects with BackupErrors alone. Those that give `Work` check the
 * request first (`SOURCE_NOT_FOUND`, `BACKUP_NOT_FOUND`, …) and take what the work needs (`BACKUP_IN_PROGRESS`,
 * `BACKUP_BUSY`, with the id of the job in the way in `details.jobId`; `QUEUE_FULL`; `SHUTTING_DOWN`) before they
 * resolve.
 */
export interface Engine {
  create(request: CreateRequest): Promise<Work<Backup>>
  verify(id: number): Promise<Work<Verified>>
  verifyAll(request: { readonly source?: string | undefined, readonly since?: Date | undefined }): Promise<
    Work<VerifiedAll>
  >
  /**
   * A removal of most of what a source has rejects with `PRUNE_REFUSED` unless `force` is said; what is not of that
   * source goes all the same.
   */
  prune(request: PruneRequest): Promise<Work<Pruned>>
  /** Into the trash: `BACKUP_PINNED`, `BACKUP_HAS_CHILDREN` and, without `force`, `BACKUP_LAST_VALID` refuse it. */
  remove(id: number, request: { readonly force: boolean }): Promise<Work<Backup>>
  undelete(id: number): Promise<Work<Backup>>
  /**
   * Puts a backup back, and secures what stands there first. `BACKUP_INVALID`, `RESTORE_…`; whatever fails leaves the
   * source as it was, and names in `details.safetyBackupId` the backup that has its state, if it came to that.
   */
  restore(id: number, request: RestoreRequest): Promise<Work<Restore>>
  /** Where the source of the backup was when it was made. */
  origin(id: number): Promise<string>
  /** Asks for a backup in cold storage to be made readable for `days` days, and says how long that takes. */
  thaw(id: number, days: number): Promise<Thawing>
  restores(query: RestoreQuery): Promise<RestorePage>
  /** Rejects with `RESTORE_NOT_FOUND`. */
  restoreById(id: number): Promise<Restore>
  /**
   * Restores a backup into scratch space, proves it there, and throws it away; of a source the one whose turn it is.
   * `BACKUP_NOT_FOUND`, also where a source has none; a drill that failed or could not be made is a result.
   */
  drill(request: DrillRequest): Promise<Work<Restore>>
  /**
   * Brings the backup into the store, or into all of its source, and proves what arrived; what is there already stays.
   * A second one that is asked for meanwhile is refused; one of the service itself (`isOwn`) waits for it.
   * `STORE_NOT_FOUND`, `CHECKSUM_MISMATCH`, `OBJECT_EXISTS`, `STORE_…`.
   */
  upload(
    id: number,
    request: { readonly store?: string | undefined, readonly isOwn?: boolean | undefined }
  ): Promise<Work<Backup>>
  /** Names of the stores to which backups of the source are copied. */
  destinations(source: string): readonly string[]
  drillEvidence(query: EvidenceQuery): Promise<EvidenceOfDrills>
  /** What became of the rows of a backup. `TABLE_NOT_FOUND`, `METHOD_UNSUPPORTED`. */
  diff(id: number, request: DiffRequest): Promise<Work<Compared>>
  /**
   * Brings rows of a backup back into the live database, in one transaction. Where live rows would be overwritten, the
   * database is backed up first. `ROWS_…`, `TABLE_NOT_FOUND`, `VALIDATION_FAILED` for a condition that is none.
   */
  rescue(id: number, request: RescueRequest): Promise<Work<Rescued>>
  /** Writes rows of a backup as CSV to a new file at an absolute path, and says how many. */
  extract(id: number, selection: RowSelection, file: string): Promise<Work<number>>
  /**
   * Enters into the catalog every backup whose manifest is in a store; what it knows stays as it is. A place given by
   * its URL is remembered, and read from afterwards. `VALIDATION_FAILED` for what names no store, `OBJECT_NOT_FOUND`
   * where nothing is there, `STORE_…`.
   */
  rebuild(request?: RebuildRequest): Promise<Work<Rebuilt>>

  backup(id: number): Promise<Backup>
  backups(query: BackupQuery): Promise<BackupPage>
  verifications(id: number): Promise<readonly VerificationRecord[]>
  /** What the catalog keeps of the manifest; undefined: the backup has none, or is gone. `BACKUP_NOT_FOUND`. */
  manifest(id: number): Promise<Manifest | undefined>
  /** `BACKUP_DELETED`; `FORBIDDEN` where the backup is pinned and that may not be touched. */
  edit(id: number, change: BackupEdit): Promise<Backup>
  /**
   * Declares a suspect good: it is a backup like any other from now on, and those before it may go again.
   * `BACKUP_NOT_SUSPECT`.
   */
  release(id: number, actor: string): Promise<Backup>
  /** `decoded`: decompressed. `BACKUP_NOT_COMPLETED`, `BACKUP_DELETED`. */
  download(id: number, request: { readonly decoded: boolean }): Promise<Download>

  sources(): Promise<readonly SourceState[]>
  source(name: string): Promise<SourceState>
  statistics(): Promise<ServiceStatistics>
  settings(): SettingsReport
  changeSettings(change: SettingsChange): Promise<SettingsReport>

  job(id: number): Promise<Job>
  jobs(query: {
    readonly limit: number
    readonly before?: number | undefined
    readonly status?: JobStatus | undefined
  }): Promise<{ readonly jobs: readonly Job[], readonly next: number | null }>
  /** What fell due by the schedules, and what came of it. */
  runs(query: RunQuery): Promise<{ readonly runs: readonly Run[], readonly next: number | null }>
  /**
   * Asks the job to stop, and resolves once it has ended. `JOB_FINISHED` if it had ended before, `JOB_ELSEWHERE` if
   * another process runs it.
   */
  cancel(id: number): Promise<Job>
  /** Every store, that in which backups land first. */
  stores(): Promise<readonly StoreState[]>
  /** Tries a store with one small object. `STORE_NOT_FOUND`; what goes wrong there is a finding. */
  probe(store: string): Promise<StoreProbe>
  /** Every key that is configured or needed. */
  keys(): Promise<readonly KeyState[]>
  /** The public keys by which manifests are judged. */
  signingKeys(): SigningKeys
  /** Records that the recovery card of the key is stored. `KEY_NOT_FOUND`. */
  confirmKey(id: string, actor: string): Promise<KeyState>
  /** Changes whenever anything a reader could see does. */
  version(): string
}
