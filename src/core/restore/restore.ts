import type { DrillOutcome, DrillReport } from './drill.ts'
import type { Drilled } from './drill-choice.ts'
import type { ErrorCode } from '../errors.ts'
import type { Manifest } from '../backup/manifest.ts'
import type { TableFacts } from '../ports/source.ts'
import type { Restorable } from './restorable.ts'

/**
 * How a backup is put back into its source: the name of one of the `modes` of its kind, such as `live` or `replace`. No
 * kind has a mode `file` or `scratch`.
 */
export type RestoreMode = string

/** Where and how an image is put. */
export interface Placement {
  /** A mode of the kind; `file`: to a path of its own. */
  readonly mode: RestoreMode
  /** Of a kind with `RestoreTargets`: the location of the target. */
  readonly path: string
  /** `file`: whether a file at `path` may give way. */
  readonly overwrite: boolean
  /** How long to wait for those who hold the database. Milliseconds. */
  readonly timeout: number
  /**
   * A name beside `path` that nothing else has. `replace` keeps the old file under it; what is not done yet has it as
   * the beginning of its name.
   */
  readonly aside: string
  /**
   * `file`: `path` is spelled without links, and its directory must still be that one when the file gets its name.
   * Default: not.
   */
  readonly isConfined?: boolean
  /**
   * `file`: patterns of paths in the backup, of which at least one must match what is restored. Only kinds with a
   * `TreeTool` are given any. Default: everything is restored.
   */
  readonly only?: readonly string[]
  /** Whether owners and privileges of the objects are left out. Only kinds with `RestoreTargets`. Default: not. */
  readonly isWithoutOwners?: boolean
  /** `file`: the data of these tables alone. Only kinds with `RestoreTargets`. Default: everything. */
  readonly objects?: ChosenObjects
}

/** Of a database: tables by their names, and schemas with all of their tables. */
export interface ChosenObjects {
  readonly tables: readonly string[]
  readonly schemas: readonly string[]
}

/** Targets of restores of a kind whose sources are not paths. */
export interface RestoreTargets {
  /**
   * The location that `Placement.path` gets. Connects to nothing. `source`: the name of the source of the backup.
   * `isConfined`: the caller has no shell, and may use only servers of configured sources. Throws `VALIDATION_FAILED`,
   * `SOURCE_NOT_FOUND`, `RESTORE_TARGET_INVALID` for the location of a configured source, and
   * `RESTORE_TARGET_FORBIDDEN`.
   */
  parse(target: string, caller: { readonly source: string, readonly isConfined: boolean }): string
  /** A new `Placement.aside` for a location. Connects to nothing. */
  aside(location: string): string
  /** Whether there is something at a location. Rejects where that cannot be determined. */
  exists(location: string, signal: AbortSignal): Promise<boolean>
}

export interface Placed {
  /** Bytes that were put there. */
  readonly bytes: number
  /** Whether an old file is kept under `aside`. */
  readonly isOldKept: boolean
  /** Milliseconds until the content was in its place and durable; looking at it came after that. */
  readonly took: number
  /** What went wrong, or could not be checked, after the content was in its place. Sentences without a full stop. */
  readonly warnings: readonly string[]
}

export interface RestoreNeeds {
  /** Names of the parts that `place` uses as files. */
  readonly files: readonly string[]
  /**
   * Whether no other process may be able to change these files, because `place` does not compare their bytes with the
   * digest.
   */
  readonly isOwn: boolean
  /**
   * Whether `place` compares everything that it restores with the digests of the backup before it puts anything in its
   * place, so that the content need not be verified before that. Default: not.
   */
  readonly provesContent?: boolean
}

/** Puts backups of one kind where they are wanted. Each call works in a process of its own. */
export interface Restorer {
  /**
   * What undoes a restore into the source itself. `backup`: a safety backup, made before; then what is kept under
   * `aside` is removed. `aside`: what was there before is kept under that name, and no backup of it is made.
   */
  readonly undoneBy: 'backup' | 'aside'
  /** What is unpacked before `place` begins. */
  needs(placement: Placement): RestoreNeeds
  /**
   * Finds out what would stand in the way, and changes nothing; rejects with that. `RESTORE_…`, `SOURCE_…`,
   * `DISK_FULL`.
   */
  check(manifest: Manifest, placement: Placement, signal: AbortSignal): Promise<void>
  /**
   * Resolves once the content is there. What fails before that leaves everything as it was, and so does a crash, after
   * `settle`. Once the content is in its place a failure or an abort of `signal` is a warning of the result; only
   * content that is found damaged there is an error, `SOURCE_MALFORMED`, whose message says that it was put in place.
   */
  place(
    restorable: Restorable,
    placement: Placement,
    onBytes: (bytes: number) => void,
    signal: AbortSignal
  ): Promise<Placed>
  /**
   * Puts right what a crash of `place` left beside `path`, once nothing of it is at work any more, and says whether an
   * old file is kept under `aside`. May be repeated, and where nothing is to be done.
   */
  settle(path: string, aside: string): Promise<boolean>
  /** Removes the old file that was kept. */
  discard(aside: string): Promise<void>
  /**
   * Undoes a restore in the mode `replace`, also one that was interrupted: what is kept under `aside` gets its name
   * back, and the restored content is removed. `hadContent` false: nothing stood at `path` before, and nothing stands
   * there then. Changes nothing where the old content is in its place. After a crash of it, `settle` or another call
   * completes it.
   */
  revert(path: string, aside: string, hadContent: boolean): Promise<void>
  /**
   * The rows of each table of the source at `path`, named as in the facts of its backups, for kinds whose rows
   * cannot be compared one by one. Default: they can, or there are none. Changes nothing. `SOURCE_…`.
   */
  counts?(path: string, signal: AbortSignal): Promise<readonly TableFacts[]>
  /**
   * The processes that have the source at `path` open, as far as the system shows them to this user: none is no proof
   * that nobody has it open. Changes nothing.
   */
  holders(path: string, signal: AbortSignal): Promise<readonly Holder[]>
}

export const RESTORE_KINDS = ['restore', 'drill'] as const
export type RestoreKind = typeof RESTORE_KINDS[number]

/** `completed` is a restore, `passed` and `inconclusive` a drill, the last one of them where it could not be told. */
export const RESTORE_STATUSES = ['running', 'completed', 'passed', 'inconclusive', 'failed'] as const
export type RestoreStatus = typeof RESTORE_STATUSES[number]

/**
 * How far a member of a set is restored. `waiting`: its previous content is in place, and nothing was begun; `placing`:
 * the previous content or the restored one is; `placed`: the restored one is; `undoing`: the previous one is put back;
 * `undone`: the previous one is in place again.
 */
export const MEMBER_STATES = ['waiting', 'placing', 'placed', 'undoing', 'undone'] as const
export type MemberState = typeof MEMBER_STATES[number]

/** A member of a set in a restore. */
export interface RestoredMember {
  readonly name: string
  readonly kind: string
  readonly target: string
  readonly mode: Placement['mode']
  readonly state: MemberState
  /** Whether anything stood at `target` before. */
  readonly hadContent: boolean
  /** As `Restore.aside`. */
  readonly aside: string | null
  /** The backup that has the previous content, of the set or of this source alone; null: there is none. */
  readonly safetyBackupId: number | null
}

/** One row of `restores`: that a backup was restored or drilled, or that it was tried, and how it went. */
export interface Restore {
  readonly id: number
  readonly kind: RestoreKind
  readonly backupId: number
  readonly source: string
  /** Where to, for people. */
  readonly target: string
  /** Of a backup of a set: the members that are restored, in their order. Empty: a backup of one source. */
  readonly members: readonly RestoredMember[]
  /** As in `Placement`; `scratch`: a drill, which is thrown away. Of a set: that of the last member. */
  readonly mode: RestoreMode
  readonly status: RestoreStatus
  /** The backup of what stood there before; restoring that one undoes this. null: there is none. */
  readonly safetyBackupId: number | null
  /**
   * The file that stood there before, where it was kept; while the restore runs, the name for it. null: it was not
   * kept.
   */
  readonly aside: string | null
  /** When an undo began that has not ended; null: none has. */
  readonly undoStartedAt: Date | null
  /** When the content from before was back in its place; null: it is not. */
  readonly undoneAt: Date | null
  /** When the content from before, which was kept, was removed; null: it was not. */
  readonly discardedAt: Date | null
  /** Plain bytes that were put there. */
  readonly bytes: number | null
  /** Who asked for it; null: the schedule. */
  readonly actor: string | null
  /** How long it took to have the content in its place, from opening the backup on. Milliseconds. */
  readonly restoreTime: number | null
  readonly startedAt: Date
  readonly finishedAt: Date | null
  /**
   * Of a completed restore: damaged copies of the backup that were passed over, and what went wrong, or could not be
   * checked, after the content was in its place.
   */
  readonly warnings: readonly string[]
  /** What a drill found; null for a restore, and for a drill that did not come to its end. */
  readonly report: DrillReport | null
  readonly errorCode: ErrorCode | null
  readonly errorMessage: string | null
}

/** `members`: default: none. */
export type NewRestore =
  & Pick<Restore, 'kind' | 'backupId' | 'source' | 'target' | 'mode' | 'aside' | 'actor' | 'startedAt'>
  & Partial<Pick<Restore, 'members'>>

export interface RestoreQuery {
  readonly kind?: RestoreKind | undefined
  /** Also those of a set that has it as a member. */
  readonly source?: string | undefined
  /** Only those begun at or after this instant, … */
  readonly since?: Date | undefined
  /** … and before this one. */
  readonly until?: Date | undefined
  /** At most this many, 1 to 500. */
  readonly limit: number
  /** Only those with a smaller id. */
  readonly before?: number | undefined
}

export interface RestorePage {
  /** Newest first. */
  readonly restores: readonly Restore[]
  /** The `before` of the next page; null: this was the last. */
  readonly next: number | null
}

/** How a drill ended. `code` and `message` say why it did not pass. */
export interface DrillConclusion {
  readonly status: DrillOutcome
  /** null: it came to no checks. */
  readonly report: DrillReport | null
  readonly bytes: number | null
  readonly restoreTime: number | null
  readonly code: ErrorCode | null
  readonly message: string | null
  readonly at: Date
}

/** How far it is proven that the backups of one source restore. */
export interface DrillEvidence {
  /** When a backup was last restored, or drilled and passed. */
  readonly lastProven: Date | null
  /** The last one that came to a verdict on a backup that is still there, where that verdict is against it. */
  readonly failed:
    | { readonly backupId: number, readonly at: Date, readonly code: ErrorCode, readonly message: string }
    | null
}

/** `restores` in the catalog. A row that has ended does not change any more, but for what is kept aside. */
export interface RestoreLog {
  start(restore: NewRestore): Promise<Restore>
  /** Which backup undoes it, before anything is changed. */
  secured(id: number, safetyBackupId: number): Promise<Restore>
  /** How far the members of a set are; durable once it resolves. */
  recordMembers(id: number, members: readonly RestoredMember[]): Promise<Restore>
  complete(
    id: number,
    outcome: {
      readonly bytes: number
      readonly restoreTime: number
      readonly aside: string | null
      readonly warnings: readonly string[]
      readonly at: Date
    }
  ): Promise<Restore>
  fail(
    id: number,
    failure: { readonly code: ErrorCode, readonly message: string, readonly aside: string | null, readonly at: Date }
  ): Promise<Restore>
  /** Ends a drill. */
  conclude(id: number, conclusion: DrillConclusion): Promise<Restore>
  /** Of each backup of the source that ever was drilled. */
  drilled(source: string): Promise<readonly Drilled[]>
  /** A source that was never drilled has nulls. */
  drillEvidence(source: string): Promise<DrillEvidence>
  /** Rejects with `RESTORE_NOT_FOUND`. */
  get(id: number): Promise<Restore>
  list(query: RestoreQuery): Promise<RestorePage>
  /** Rows that say `running`. */
  running(): Promise<readonly Restore[]>
  /** An undo begins. `CATALOG_FAILED`: nothing is kept. */
  beginUndo(id: number, at: Date): Promise<Restore>
  /** It has ended: nothing is kept any more, or everything is as before. */
  endUndo(id: number, end: { readonly isDone: boolean, readonly at: Date }): Promise<Restore>
  /** What was kept is removed. `CATALOG_FAILED`: nothing is kept. */
  discarded(id: number, at: Date): Promise<Restore>
  /** Rows with an undo that has not ended. */
  undoing(): Promise<readonly Restore[]>
}

/** A process that has a file open. */
export interface Holder {
  readonly pid: number
  /** What it was started as, as far as the system tells. */
  readonly command: string
}
