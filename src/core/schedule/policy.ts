import type { Compression } from '../ports/codec.ts'
import type { RetentionRules } from '../retention/rules.ts'
import type { CalendarSchedule } from './schedule.ts'
import type { Origin, Settings } from './settings.ts'

/** What holds for one source: its own configuration over the service's settings. */
export interface SourcePolicy {
  /** Whether backups are made by themselves. */
  readonly enabled: boolean
  /** Milliseconds between backups made by themselves; null: only the calendar says when. */
  readonly interval: number | null
  /** Runs at set times; null: there are none. */
  readonly schedule: CalendarSchedule | null
  /** How many backups stay at most, however they were made; null: only `retention` decides. */
  readonly maxBackups: number | null
  /** Which scheduled backups stay; null: only `maxBackups` decides. */
  readonly retention: RetentionRules | null
  readonly compression: Compression
  readonly verify: boolean
  /**
   * Cron pattern in UTC: when a backup is restored into scratch space to see that it can be; null: only when asked for.
   */
  readonly drillSchedule: string | null
  /** Names of the stores to which backups are copied; null: every one that is configured. */
  readonly stores: readonly string[] | null
  /** false: the artifact in the landing store goes once every promised copy is stored. */
  readonly keepLocal: boolean
  /** Whether a backup that is not like those before it is marked as suspect. */
  readonly anomalyGuard: boolean
  /** Backups in one chain at most, its full backup included; then a full backup is made in place of an increment. */
  readonly maxChainLength: number
  /** How long after its full backup a chain is continued at most. Milliseconds. */
  readonly maxChainAge: number
  /** The set whose backups contain this source, which has no schedule of its own; null: it has one, or is in no set. */
  readonly coveredBy: string | null
}

/** Enough for hourly increments between daily full backups, and for daily ones between weekly ones. */
export const MAX_CHAIN_LENGTH = 24
/** Milliseconds. */
export const MAX_CHAIN_AGE = 7 * 86_400_000

/** What a source has of its own; what is missing follows the service's settings, also when they change. */
export interface SourceOverrides {
  readonly enabled?: boolean
  readonly interval?: number
  readonly schedule?: CalendarSchedule
  readonly maxBackups?: number
  readonly retention?: RetentionRules
  readonly compression?: Compression
  readonly verify?: boolean
  readonly drillSchedule?: string | null
  readonly stores?: readonly string[]
  readonly keepLocal?: boolean
  readonly anomalyGuard?: boolean
  readonly maxChainLength?: number
  readonly maxChainAge?: number
  readonly coveredBy?: string
}

/** Whether no backups are made by themselves only because nobody has said whether they should be. */
export function isAutomationUnset (
  { settings, origins }: { readonly settings: Settings, readonly origins: Readonly<Record<keyof Settings, Origin>> },
  { enabled }: SourceOverrides
): boolean {
  return enabled === undefined && !settings.autoBackupEnabled && origins.autoBackupEnabled === 'default'
}

/**
 * A calendar of the source's own takes the place of the service's interval, rules of its own that of its `maxBackups`;
 * it may have both.
 */
export function policyOf (settings: Settings, overrides: SourceOverrides): SourcePolicy {
  const { autoBackupEnabled, autoBackupInterval, maxBackups, compression, verifyAfterBackup } = settings
  const { schedule = null, retention = null, ...own } = overrides
  return {
    enabled: autoBackupEnabled,
    interval: schedule === null ? autoBackupInterval : null,
    schedule,
    maxBackups: retention === null ? maxBackups : null,
    retention,
    compression,
    verify: verifyAfterBackup,
    drillSchedule: null,
    stores: null,
    keepLocal: true,
    anomalyGuard: true,
    maxChainLength: MAX_CHAIN_LENGTH,
    maxChainAge: MAX_CHAIN_AGE,
    coveredBy: null,
    ...own
  }
}
