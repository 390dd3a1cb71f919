import type { ErrorCode } from '../errors.ts'
import type { Tier } from '../tier.ts'

export const RUN_KINDS = ['backup', 'prune', 'drill'] as const
export type RunKind = typeof RUN_KINDS[number]

/** `waiting`: due, and not begun or to be tried again; the last three are ends. */
export const RUN_STATUSES = ['waiting', 'running', 'done', 'failed', 'skipped'] as const
export type RunStatus = typeof RUN_STATUSES[number]

/** What names a rule: one source has each name once. */
export interface RuleKey {
  readonly kind: RunKind
  /** null: every source at once. */
  readonly source: string | null
  /** `interval`, `prune`, or the name of a calendar rule. */
  readonly rule: string
}

/** A rule as it has been in force since `since`: what fell due before then is nobody's loss. */
export interface RuleState extends RuleKey {
  /** What the rule says; another text is another rule. */
  readonly definition: string
  readonly since: Date
}

/** One time at which a rule fell due, and what came of it. */
export interface Run extends RuleKey {
  readonly id: number
  /** The tier that its backup belongs to; null: none. */
  readonly tier: Tier | null
  /** How its backup is made; of a drill or a prune `full`, which has no meaning there. */
  readonly method: 'full' | 'incremental'
  /** The time that the rule names. */
  readonly dueAt: Date
  readonly status: RunStatus
  /** How often it was begun. */
  readonly attempts: number
  /** A waiting run begins no sooner; null: as soon as it can. */
  readonly nextAttemptAt: Date | null
  readonly backupId: number | null
  /** Why it was skipped or failed, or what came of its last attempt. */
  readonly reason: string | null
  readonly errorCode: ErrorCode | null
  /** Begin of the last attempt. */
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
}

export type NewRun = Pick<
  Run,
  keyof RuleKey | 'tier' | 'method' | 'dueAt' | 'status' | 'nextAttemptAt' | 'reason' | 'finishedAt'
>

export interface RunChange extends
  Partial<
    Pick<
      Run,
      'method' | 'attempts' | 'nextAttemptAt' | 'backupId' | 'reason' | 'errorCode' | 'startedAt' | 'finishedAt'
    >
  > {
  readonly status: RunStatus
}

/** What has to be written down so that nothing that is due is lost or done twice. */
export interface RunChanges {
  /** Rules that are new or say something else now. */
  readonly rules: readonly RuleState[]
  /** Rules that are no longer in force. */
  readonly dropped: readonly RuleKey[]
  readonly added: readonly NewRun[]
  readonly changed: ReadonlyArray<RunChange & Pick<Run, 'id'>>
}

export interface RunQuery {
  readonly source?: string | undefined
  readonly status?: RunStatus | undefined
  readonly kind?: RunKind | undefined
  /** At most this many, 1 to 500. */
  readonly limit: number
  /** Only runs with a smaller id. */
  readonly before?: number | undefined
}

/** What is due is decided from this, never from ticks. */
export interface RunBook {
  readonly rules: readonly RuleState[]
  /** The run of each rule in force that was added last, if it has one. */
  readonly newest: readonly Run[]
  /** Runs that wait or are under way, in the order in which they were added. */
  readonly open: readonly Run[]
}

/** Every run that ever fell due. A rule has one run for one time, however often that is written down. */
export interface RunLog {
  book(): Promise<RunBook>
  /** The rules in force. */
  rules(): Promise<readonly RuleState[]>
  /** Returns the runs that ended by it, as they are now. */
  record(changes: RunChanges): Promise<readonly Run[]>
  change(id: number, change: RunChange): Promise<Run>
  /** Newest first. */
  list(query: RunQuery): Promise<{ readonly runs: readonly Run[], readonly next: number | null }>
  /**
   * Forgets runs of times later than `after` that are not under way: for a clock that was set back. Returns how many.
   */
  forgetAfter(after: Date): Promise<number>
  /** Forgets runs that ended before `before`, but for the last of each rule. */
  purge(before: Date): Promise<number>
}

export function isEnded ({ status }: Pick<Run, 'status'>): boolean {
  return status === 'done' || status === 'failed' || status === 'skipped'
}

/** The name of the one rule by which the drills of a source fall due. */
export const DRILL_RULE = 'drill'

/** Names the rule in a map; names of sources and rules have no line breaks. */
export function ruleId ({ kind, source, rule }: RuleKey): string {
  return `${kind}\n${source ?? ''}\n${rule}`
}
