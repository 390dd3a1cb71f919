import { ENCRYPTIONS } from '../core/ports/encryption.ts'
import {
  choice,
  documentOrList,
  flag,
  option,
  optional,
  path,
  text,
  whole,
  wholeBy,
  type Option
} from '../core/ports/field.ts'
import type { SourceKind } from '../core/ports/source-kind.ts'
import { settingsSchema } from '../core/schedule/settings.ts'
import { databaseUrl, SOURCE_KINDS } from '../sources/index.ts'
import { CHAIN_FIELDS, makesIncrements } from './chain.ts'
import { cronPattern, cronPatterns, drillTimes } from './cron.ts'
import { compression } from './option-fields.ts'
import { SERVICE_OPTIONS } from './service-options.ts'
import { STORE_OPTIONS } from './store-options.ts'
import { names } from './store-values.ts'

const settings = settingsSchema.shape

const BACKUPS = {
  databasePath: option(
    optional(path),
    'DATABASE_PATH',
    undefined,
    'Path of the SQLite database to back up; without one, only the catalog of Holdfast is backed up.'
  ),
  databaseUrl: option(
    databaseUrl,
    'DATABASE_URL',
    undefined,
    'URL of the PostgreSQL database to back up, such as postgresql://user@host:5432/database; the source has the name of the database.'
  ),
  backupDir: option(path, 'BACKUP_DIR', './backups', 'Where backups are kept.'),
  maxBackups: option(wholeBy(settings.maxBackups), 'MAX_BACKUPS', 10, 'Backups kept for each source.'),
  autoBackupEnabled: option(
    flag,
    'AUTO_BACKUP_ENABLED',
    false,
    'Whether automatic backups are on, at an interval or on a schedule; BACKUP_ENABLED is an alias.'
  ),
  autoBackupInterval: option(
    wholeBy(settings.autoBackupInterval),
    'AUTO_BACKUP_INTERVAL',
    86_400_000,
    'Milliseconds between automatic backups.'
  ),
  compression: option(
    compression,
    'BACKUP_COMPRESSION',
    'none',
    'none (a plain .db file), gzip or zstd; false is none, true is gzip.'
  ),
  backupSchedule: option(
    optional(cronPatterns),
    'BACKUP_SCHEDULE',
    undefined,
    'Cron patterns in UTC, separated by ";", for sources without a schedule of their own; replaces the interval.'
  ),
  scheduleJitterMs: option(
    whole(0, 3_600_000),
    'SCHEDULE_JITTER_MS',
    0,
    'Maximum delay in milliseconds of scheduled runs; constant for each source, so that the runs of many sources are spread.'
  ),
  backupRetentionDays: option(
    whole(0, 36_600),
    'BACKUP_RETENTION_DAYS',
    0,
    'Days to keep scheduled backups, instead of MAX_BACKUPS; 0: MAX_BACKUPS applies.'
  ),
  pruneSchedule: option(
    cronPattern,
    'PRUNE_SCHEDULE',
    '30 4 * * *',
    'Cron pattern in UTC: when backups that no rule keeps are removed.'
  ),
  drillSchedule: option(
    drillTimes,
    'DRILL_SCHEDULE',
    'weekly',
    'When a drill restores a backup of each source into scratch space, if automatic backups are on: a cron pattern in UTC, daily, weekly (Sundays at 06:00), monthly, or off.'
  ),
  verifyAfterBackup: option(
    flag,
    'VERIFY_AFTER_BACKUP',
    true,
    'Whether each backup is verified before it counts.'
  ),
  anomalyGuard: option(
    flag,
    'ANOMALY_GUARD',
    true,
    'Whether a backup that differs too much from the previous ones is marked as suspect, and good backups from before it are kept until it is released.'
  )
} as const

/**
 * Everything that can be configured, said once: the key is that of holdfast.yaml. `.env.example` shows the same list.
 */
export const OPTIONS: typeof BACKUPS & typeof SERVICE_OPTIONS & typeof STORE_OPTIONS = {
  ...BACKUPS,
  ...STORE_OPTIONS,
  ...SERVICE_OPTIONS
}

/** Other names of variables: what runbooks call the switch of automatic backups. */
export const ALIASES: Readonly<Record<string, OptionName>> = { BACKUP_ENABLED: 'autoBackupEnabled' }

export type OptionName = keyof typeof OPTIONS
export type OptionValues = { readonly [K in OptionName]: typeof OPTIONS[K] extends Option<infer T> ? T : never }

export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[]

/** Where holdfast.yaml is. Only the environment can say it. */
export const CONFIG_VARIABLE = 'HOLDFAST_CONFIG'
export const CONFIG_FILE = 'holdfast.yaml'

/**
 * The fields of a source in holdfast.yaml that are one value, whatever its kind. Those but name and kind have the
 * service's setting as their default.
 */
export const SOURCE_FIELDS = {
  name: text,
  kind: choice(SOURCE_KINDS.flatMap(({ name, membersOf }) => membersOf === undefined ? [name] : [])),
  enabled: flag,
  interval: wholeBy(settings.autoBackupInterval),
  maxBackups: wholeBy(settings.maxBackups),
  compression,
  verify: flag,
  encryption: choice(ENCRYPTIONS),
  ageRecipients: documentOrList,
  drillSchedule: drillTimes,
  stores: names,
  localRetention: choice(['keep', 'none']),
  anomalyGuard: flag
} as const

/** Every key that a source of the kind may have. */
export function sourceKeys (kindOfSource: SourceKind): readonly string[] {
  const { fields, assertionProblem } = kindOfSource
  const { name, kind, ...others } = SOURCE_FIELDS
  return [
    ...Object.keys({ name, kind, ...fields, ...others }),
    'schedule',
    'retention',
    'hooks',
    ...makesIncrements(kindOfSource) ? Object.keys(CHAIN_FIELDS) : [],
    ...assertionProblem === null ? [] : ['assertions']
  ]
}
