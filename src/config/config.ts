import type { AlertLimits } from '../core/alert.ts'
import type { Assertion } from '../core/drill.ts'
import type { SourceOverrides } from '../core/policy.ts'
import type { Secret } from '../core/secret.ts'
import type { Origin, Settings } from '../core/settings.ts'
import type { Algorithm, LogLevel, OptionName } from './options.ts'

/** Everything the service was told, checked and frozen. Every path is absolute. */
export interface Config {
  readonly backupDir: string
  readonly dataDir: string
  readonly scratchDir: string
  readonly host: string
  readonly port: number
  readonly trustProxy: boolean
  /** undefined: none is configured, and the service makes its own with `ensureSecret`. */
  readonly tokenKey: TokenKey | undefined
  readonly metricsToken: Secret | undefined
  /** 0: no limit. */
  readonly rateLimitPerMinute: number
  readonly bodyLimitBytes: number
  readonly diskReserveBytes: number
  readonly maxConcurrentJobs: number
  readonly trashGraceHours: number
  readonly scheduleJitterMs: number
  /** Cron pattern, in UTC. */
  readonly pruneSchedule: string
  readonly auditRetentionDays: number
  readonly shutdownGraceMs: number
  readonly logLevel: LogLevel
  readonly alerts: AlertLimits
  /** What held before the API changed anything; a change made there goes over it. */
  readonly settings: Settings
  readonly origins: Readonly<Record<keyof Settings, Origin>>
  /** The own catalog is always among them, last. */
  readonly sources: readonly SourceConfig[]
  /** Name of one of `sources`. */
  readonly defaultSource: string
}

/** What proves a token. No other algorithm is ever accepted. */
export interface TokenKey {
  readonly algorithm: Algorithm
  /** The shared secret of HS256, otherwise the public key as PEM. */
  readonly key: Secret
}

export interface SourceConfig {
  readonly name: string
  readonly kind: 'sqlite'
  readonly path: string
  readonly busyTimeoutMs: number
  readonly policy: SourceOverrides
  /** What a drill holds its backups against. */
  readonly assertions: readonly Assertion[]
}

/** One option as it is in force, for people. */
export interface InForce {
  readonly key: OptionName
  readonly variable: string
  /** null: not set, and nothing stands in for it. Secrets are masked. */
  readonly value: string | number | boolean | null
  readonly origin: Origin
}
