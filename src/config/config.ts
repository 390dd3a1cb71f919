import type { AlertLimits } from '../core/alert/alert.ts'
import type { Hooks } from '../core/hooks.ts'
import type { StoreValues } from '../core/ports/store-kind.ts'
import type { SourceSealing } from '../core/ports/encryption.ts'
import type { Assertion } from '../core/restore/drill.ts'
import type { SourceOverrides } from '../core/schedule/policy.ts'
import type { RetentionRules } from '../core/retention/rules.ts'
import type { Secret } from '../core/secret.ts'
import type { Origin, Settings } from '../core/schedule/settings.ts'
import type { Problem } from './problem.ts'
import type { OptionName } from './options.ts'
import type { Algorithm, LogFormat, LogLevel } from './service-options.ts'

/** Everything the service was told, checked and frozen. Every path is absolute. */
export interface Config {
  readonly backupDir: string
  readonly dataDir: string
  readonly scratchDir: string
  /** In which a caller without a shell may have a backup restored. */
  readonly restoreDirs: readonly string[]
  /** The whole environment of hooks: PATH and HOME, where they are set. */
  readonly commandEnvironment: Readonly<Record<string, string>>
  /** Files that configure the service: nothing may be put there. */
  readonly ownFiles: readonly string[]
  readonly host: string
  readonly port: number
  /** How many proxies, or which, with commas in between, may say who the caller is. */
  readonly trustProxy: false | number | string
  /** undefined: none is configured, and the service makes its own with `ensureSecret`. */
  readonly tokenKey: TokenKey | undefined
  /** A token without an end is refused. */
  readonly requireTokenExpiry: boolean
  readonly metricsToken: Secret | undefined
  readonly hstsIncludeSubdomains: boolean
  /** Sources that have series of their own in the metrics. */
  readonly metricsMaxSources: number
  /** 0: no limit. */
  readonly rateLimitPerMinute: number
  /** 0: as many as there is room for. */
  readonly maxConnections: number
  readonly bodyLimitBytes: number
  readonly diskReserveBytes: number
  readonly maxConcurrentJobs: number
  /** Jobs that callers may have waiting. */
  readonly maxQueuedJobs: { readonly all: number, readonly perSource: number }
  /** What a process that reads a database may take: milliseconds, and bytes of memory. */
  readonly childLimits: { readonly timeout: number, readonly memory: number }
  /** Settings that only kinds of sources use (`KindContext`). */
  readonly kindSettings: Readonly<Record<string, unknown>>
  readonly trashGraceHours: number
  readonly scheduleJitterMs: number
  /** Cron pattern, in UTC. */
  readonly pruneSchedule: string
  readonly auditRetentionDays: number
  readonly shutdownGraceMs: number
  readonly logLevel: LogLevel
  readonly logFormat: LogFormat
  readonly alerts: AlertLimits
  /** What held before the API changed anything; a change made there goes over it. */
  readonly settings: Settings
  readonly origins: Readonly<Record<keyof Settings, Origin>>
  /** The own catalog is always among them, last. */
  readonly sources: readonly SourceConfig[]
  /** What sealed backups are opened with, and what is not of one source alone of that which seals them. */
  readonly encryption: EncryptionKeys
  /**
   * Public keys that manifests of other installations are signed with, and whether a trusted signature is asked for.
   */
  readonly signing: { readonly trusted: readonly string[], readonly isRequired: boolean }
  /** Where backups are copied to once they have landed in `backupDir`. */
  readonly stores: readonly StoreConfig[]
  readonly storeDefaults: StoreDefaults
  /** Name of one of `sources`. */
  readonly defaultSource: string
  /** Variables of secrets that the server has and this command does not. */
  readonly lacks: readonly string[]
  /** What was said and has no effect, such as variables that are not known. None of it is wrong enough to refuse. */
  readonly notices: readonly Problem[]
  /** Sources of which nobody said how their backups are sealed, not even that they are not. */
  readonly unsaidSealing: readonly string[]
}

/** What proves a token. No other algorithm is ever accepted. */
export interface TokenKey {
  readonly algorithm: Algorithm
  /** The shared secret of HS256, otherwise the public key as PEM. */
  readonly key: Secret
}

/** Keys of OpenPGP in armour. */
export interface EncryptionKeys {
  readonly ageIdentities: readonly Secret[]
  readonly passphrase: Secret | undefined
  readonly openpgpPublicKeys: string | undefined
  readonly openpgpPrivateKeys: Secret | undefined
  readonly openpgpPrivateKeysPassphrase: Secret | undefined
}

/** What holds for each store of a kind that says nothing of its own about it, by the name of the kind. */
export type StoreDefaults = Readonly<Record<string, KindDefaults>>

export interface KindDefaults {
  /** By the keys of the settings that the kind has; undefined: not set. */
  readonly values: Readonly<Record<string, unknown>>
  /** Variables of secrets that the server has and this command does not. */
  readonly lacks: readonly string[]
}

export interface StoreConfig {
  readonly name: string
  /** The name of one of the kinds of stores. */
  readonly kind: string
  /** What a store of the kind is made with; only the kind itself knows what that is. */
  readonly values: StoreValues
  /** null: copies stay as long as the backup stays in BACKUP_DIR. */
  readonly retention: RetentionRules | null
  readonly maxBackups: number | null
  readonly isAppendOnly: boolean
  /** Bytes a second; null: no limit. */
  readonly bandwidth: number | null
  /**
   * Secrets that the server has for it and this command does not, by variable or place; without them it refuses
   * everything. Left out: none.
   */
  readonly lacks?: readonly string[]
}

export interface SourceConfig {
  readonly name: string
  /** The name of one of the kinds of sources. */
  readonly kind: string
  /** What the fields of its kind hold; only the kind itself knows what they are. Paths are absolute. */
  readonly values: Readonly<Record<string, unknown>>
  readonly policy: SourceOverrides
  readonly sealing: SourceSealing
  /** What a drill holds its backups against. */
  readonly assertions: readonly Assertion[]
  /** Commands before and after it is read. */
  readonly hooks: Hooks
}

/** One option as it is in force, for people. */
export interface InForce {
  readonly key: OptionName
  readonly variable: string
  /** null: not set, and nothing stands in for it. Secrets are masked. */
  readonly value: string | number | boolean | null
  readonly origin: Origin
}
