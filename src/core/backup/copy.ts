import type { ErrorCode } from '../errors.ts'
import type { BackupPart } from '../ports/part.ts'

/**
 * `pending`: promised; `missing`: it was there, and is not any more; `removing`: no longer wanted, and still to be
 * removed.
 */
export const COPY_STATUSES = ['pending', 'uploading', 'stored', 'failed', 'missing', 'removing'] as const
export type CopyStatus = typeof COPY_STATUSES[number]

const MINUTE = 60_000
/** What failed is tried again after the first of these, then the next; after the last one always that. Milliseconds. */
const PAUSES = [MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE]
/**
 * No next attempt is set further ahead than this: that of what no repetition helps, unless somebody puts something
 * right. Milliseconds.
 */
export const LONGEST_PAUSE = 6 * 60 * MINUTE

/** Milliseconds until the next attempt, after so many failures before the last one. */
export function pauseAfter (failures: number): number {
  return PAUSES[Math.min(failures, PAUSES.length - 1)] ?? MINUTE
}

/** The same object in one store, that in which it landed included. */
export interface Copy {
  readonly store: string
  /** Where it is, or will be, for people. */
  readonly location: string
  readonly status: CopyStatus
  /** Bytes; null: not there yet. */
  readonly size: number | null
  readonly uploadedAt: Date | null
  /** How often it was tried, beginning anew with each success. */
  readonly attempts: number
  /** What went wrong last, in words. */
  readonly error: string | null
  /** When it is tried again; null: at once, or it is done. */
  readonly nextAttemptAt: Date | null
}

/** What a store is to get: the copy itself, or only the manifest of one that is stored. */
export interface CopyTask {
  readonly backupId: number
  readonly source: string
  /** The name of the object in the landing store. */
  readonly key: string
  readonly status: CopyStatus
  readonly attempts: number
  readonly nextAttemptAt: Date | null
}

export interface StoredCopy {
  readonly backupId: number
  readonly source: string
  readonly key: string
  /** Bytes of all parts. */
  readonly size: number
  readonly parts: readonly BackupPart[]
}

/** Copies of one source in one store that are not there yet. */
export interface WaitingCopies {
  readonly source: string
  readonly store: string
  readonly count: number
  /** Since when the one that waits longest does. */
  readonly since: Date
  /** The last failure among them; null: none failed. */
  readonly failure: { readonly code: ErrorCode, readonly message: string } | null
}

export interface CopyCounts {
  readonly store: string
  readonly stored: number
  readonly bytes: number
  /** Promised, under way, failed or missing. */
  readonly waiting: number
}

/** `copies`. Methods reject with `BACKUP_NOT_FOUND` where the backup has no copy in that store. */
export interface CopyLog {
  /** Promises copies where there are none yet; a copy that was on its way out is wanted again. */
  promise(backupId: number, copies: ReadonlyArray<Pick<Copy, 'store' | 'location'>>, at: Date): Promise<void>
  /**
   * Everything that is to be done in the store whatever its time: uploads first, of live backups the newest first, then
   * manifests, then removals.
   */
  work(store: string): Promise<readonly CopyTask[]>
  /** The one of these that is about the backup; undefined: nothing is to be done, or no longer. */
  task(store: string, backupId: number): Promise<CopyTask | undefined>
  begin(backupId: number, store: string): Promise<void>
  /** A backup that went away meanwhile has a copy that is to be removed. */
  stored(
    backupId: number,
    store: string,
    outcome: { readonly size: number, readonly location: string, readonly at: Date }
  ): Promise<void>
  /** `nextAttemptAt` null: whenever somebody asks for it. A removal that failed is still one. */
  fail(
    backupId: number,
    store: string,
    failure: {
      readonly code: ErrorCode
      readonly message: string
      readonly at: Date
      readonly nextAttemptAt: Date | null
    }
  ): Promise<void>
  /** One that failed is tried again at once. */
  requeue(backupId: number, store: string): Promise<void>
  /** What was stored is not there, or not what it was. */
  missing(backupId: number, store: string, reason: string, at: Date): Promise<void>
  /** It is no longer wanted. */
  retire(backupId: number, store: string): Promise<void>
  /** There is no copy any more, and none is wanted. */
  drop(backupId: number, store: string): Promise<void>
  /** The manifests of all its copies are to be written again; of those in `except` nothing is due. */
  manifestChanged(backupId: number, except: readonly string[]): Promise<void>
  manifestStored(backupId: number, store: string): Promise<void>
  /** Every copy that the store is taken to hold, of backups that still exist. */
  held(store: string): Promise<readonly StoredCopy[]>
  /** The newest of these, at most so many, of backups with a smaller id than `before`. */
  newest(store: string, limit: number, before?: number): Promise<readonly StoredCopy[]>
  waiting(): Promise<readonly WaitingCopies[]>
  /** Every store that has or had copies, in the order of names. Costs no more with a million copies that are stored. */
  counts(): Promise<readonly CopyCounts[]>
  /** Copies that processes which are gone had under way wait again; those that `isHeld` says are not touched. */
  interrupt(isHeld: (backupId: number, store: string) => boolean): Promise<void>
}
