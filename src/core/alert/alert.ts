import type { WaitingCopies } from '../backup/copy.ts'
import type { ErrorCode } from '../errors.ts'
import type { DrillEvidence } from '../restore/restore.ts'

export const ALERT_SEVERITIES = ['critical', 'warning'] as const
/** `critical`: somebody must act now, or data may be lost; `warning`: somebody should look soon. */
export type AlertSeverity = typeof ALERT_SEVERITIES[number]

interface RuleFacts {
  readonly severity: AlertSeverity
  /** Whether it is about one source, or about the service as a whole. */
  readonly perSource: boolean
}

/** Every rule there is. docs/operations.md explains each. */
export const ALERT_RULES = {
  backup_failed: { severity: 'critical', perSource: true },
  backup_too_old: { severity: 'critical', perSource: true },
  schedule_missed: { severity: 'critical', perSource: true },
  backup_damaged: { severity: 'critical', perSource: true },
  backup_unproven: { severity: 'warning', perSource: true },
  backup_suspect: { severity: 'critical', perSource: true },
  size_changed: { severity: 'warning', perSource: true },
  backups_off: { severity: 'warning', perSource: true },
  source_missing: { severity: 'critical', perSource: true },
  over_limit: { severity: 'warning', perSource: true },
  too_few_backups: { severity: 'warning', perSource: true },
  drill_failed: { severity: 'critical', perSource: true },
  drill_overdue: { severity: 'warning', perSource: true },
  hook_failed: { severity: 'critical', perSource: true },
  copy_late: { severity: 'warning', perSource: true },
  store_foreign: { severity: 'critical', perSource: false },
  store_lost: { severity: 'critical', perSource: false },
  catalog_damaged: { severity: 'critical', perSource: false },
  disk_low: { severity: 'warning', perSource: false },
  prune_overdue: { severity: 'warning', perSource: false },
  key_expiring: { severity: 'warning', perSource: false },
  config_notice: { severity: 'warning', perSource: false }
} as const satisfies Record<string, RuleFacts>

export type AlertRule = keyof typeof ALERT_RULES
export const ALERT_RULE_NAMES = Object.keys(ALERT_RULES) as AlertRule[]

/** A rule that holds now. */
export interface AlertFinding {
  readonly rule: AlertRule
  /** null: it is about the service as a whole. */
  readonly source: string | null
  readonly severity: AlertSeverity
  /** What is wrong, in words and figures: lowercase, without a full stop. */
  readonly message: string
  /** One sentence that says what to do. */
  readonly remedy: string
}

/** A finding with its time: raised once when its rule began to hold, cleared once when that ended. */
export interface Alert extends AlertFinding {
  readonly id: number
  readonly raisedAt: Date
  /** null: it is open. */
  readonly clearedAt: Date | null
}

/** Tells open alerts apart: there is one at most of each rule and source. */
export function alertKey ({ rule, source }: Pick<AlertFinding, 'rule' | 'source'>): string {
  return source === null ? rule : `${rule}:${source}`
}

/** When the rules hold; 0 switches one off. */
export interface AlertLimits {
  /** Milliseconds that a source may be without a good backup, whatever its schedule. */
  readonly maxAge: number
  /** Percent that a size may differ from what is usual. */
  readonly sizeChange: number
  /** Percent of the store that should be free. */
  readonly diskFree: number
  /** Good backups that each source should have. */
  readonly minBackups: number
}

export interface DamagedBackup {
  readonly id: number
  /** What its last verification said. */
  readonly reason: string
}

export interface UnprovenBackup {
  readonly id: number
  /** Why its verification was inconclusive. */
  readonly reason: string
}

export interface SuspectBackup {
  readonly id: number
  readonly reasons: readonly string[]
}

export interface RecentSize {
  readonly id: number
  /** Stored bytes. */
  readonly size: number
}

/**
 * What the catalog knows of one source, as far as the rules ask. A good backup is one that is there and was not found
 * damaged.
 */
export interface BackupEvidence {
  readonly lastSuccess: Date | null
  /** The last failure that was none of somebody's own making: a cancelled backup does not count. */
  readonly lastFailure: { readonly at: Date, readonly code: ErrorCode, readonly message: string } | null
  /** When the newest good backup was started. */
  readonly newestGood: Date | null
  readonly good: number
  /** Newest first. */
  readonly damaged: readonly DamagedBackup[]
  /** The newest backup, where its verification was inconclusive. */
  readonly unproven: UnprovenBackup | null
  /** Those that nobody has declared good, but for the ones from before a migration or a restore. Oldest first. */
  readonly suspects: readonly SuspectBackup[]
  /**
   * Of the newest full backup and of those before it that have the same compression, newest first. Increments are left
   * out: their size is that of the changes.
   */
  readonly sizes: readonly RecentSize[]
}

export interface SourceFacts extends BackupEvidence {
  readonly name: string
  /** A good backup started at or after this must exist; null: nothing is asked. */
  readonly freshSince: Date | null
  /** That a backup restores must have been proven at or after this; null: nothing is asked. */
  readonly provenSince: Date | null
  /** No backups are made by themselves, and nobody has said that they should not be. */
  readonly isAutomationUnset: boolean
  /** The database is not where it should be. */
  readonly isMissing: boolean
  readonly drills: DrillEvidence
  /** Backups beyond `maxBackups`, made by hand faster than the schedule asks for; null: there are none, or no limit. */
  readonly overLimit: { readonly count: number, readonly maxBackups: number } | null
  /** Copies that are not in their stores yet, by store. */
  readonly copies: ReadonlyArray<Omit<WaitingCopies, 'source'>>
  /** Why the `after` commands of its last backup failed; null: they have succeeded, or there are none. */
  readonly hookError: string | null
}

export interface PruneFacts {
  readonly lastDone: Date | null
  /** A prune that ended at or after this must exist; null: nothing is asked. */
  readonly freshSince: Date | null
  /** Set while the last prune is one that failed. */
  readonly failure: { readonly code: ErrorCode | null, readonly reason: string } | null
}

export interface StoreFacts {
  readonly name: string
  /** Bytes. undefined: the store could not tell, or knows none. */
  readonly space: { readonly free: number, readonly total: number } | undefined
}

export interface StoreRefusal {
  readonly code: ErrorCode
  /** Names the store. */
  readonly message: string
}

/** Something in the configuration that has no effect. */
export interface ConfigNotice {
  readonly name: string
  /** Follows the name. */
  readonly problem: string
  readonly remedy: string
}

/** Everything that the rules are held against. */
export interface AlertFacts {
  readonly sources: readonly SourceFacts[]
  readonly prune: PruneFacts
  readonly store: StoreFacts
  /** Stores that are refused now, since they are another installation's or have lost everything. */
  readonly refused: readonly StoreRefusal[]
  /** The damage that was found in the catalog; undefined: none. */
  readonly catalogDamage: string | undefined
  /** Keys that new backups are sealed to and that expire some day. */
  readonly keys: ReadonlyArray<{ readonly id: string, readonly expiresAt: Date }>
  /** What the configuration says without an effect. */
  readonly notices: readonly ConfigNotice[]
}

export interface AlertQuery {
  /** true: those that are over; false: those that are open. */
  readonly cleared: boolean
  /** At most this many, 1 to 500. */
  readonly limit: number
  /** Only alerts with a smaller id. */
  readonly before?: number | undefined
}

export interface AlertChanges {
  readonly raised: readonly Alert[]
  readonly cleared: readonly Alert[]
}

/** The alerts that there are and were, and what the rules need to know of the backups. */
export interface AlertLog {
  /** Rejects as the catalog does; a source without any backup has no evidence but zeros and nulls. */
  evidence(source: string): Promise<BackupEvidence>
  /** Those that are not cleared, oldest first. */
  open(): Promise<readonly Alert[]>
  /**
   * Makes `findings` the alerts that are open: raises those that are new, clears those that are not among them, and
   * takes over the words of the rest, which is no new alert. May be repeated.
   */
  settle(findings: readonly AlertFinding[], at: Date): Promise<AlertChanges>
  /** Newest first; `next` is the `before` of the next page, null on the last. */
  list(query: AlertQuery): Promise<{ readonly alerts: readonly Alert[], readonly next: number | null }>
  /** Forgets alerts that were cleared before `before`. Returns how many. */
  purge(before: Date): Promise<number>
}

/** What a rule found, with the severity of that rule. `source`: null for the service. */
export function finding (rule: AlertRule, source: string | null, message: string, remedy: string): AlertFinding {
  return { rule, source, severity: ALERT_RULES[rule].severity, message, remedy }
}
