import { ENCRYPTIONS } from '../core/ports/encryption.ts'
import {
  choice,
  document,
  documentOrList,
  flag,
  key,
  option,
  optional,
  path,
  secret,
  text,
  whole
} from '../core/ports/field.ts'
import { paths, proxies } from './option-fields.ts'

export const ALGORITHMS = ['HS256', 'RS256', 'ES256', 'EdDSA'] as const
export type Algorithm = typeof ALGORITHMS[number]

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = typeof LOG_LEVELS[number]

/** A secret of ours is at least this long, whoever chose it: HS256 is as strong as its secret. */
export const SECRET_LENGTH = 32

/** Whoever has a backup may guess as often as they like. */
const PASSPHRASE_LENGTH = 12

const MiB = 1024 * 1024

/** What can be configured of the service itself: keys, the API, its own files, limits, alerts. */
export const SERVICE_OPTIONS = {
  encryption: option(
    choice(ENCRYPTIONS),
    'BACKUP_ENCRYPTION',
    'none',
    'Whether new backups are sealed before they are stored: none, age or openpgp.'
  ),
  ageRecipients: option(
    optional(documentOrList),
    'BACKUP_AGE_RECIPIENTS',
    undefined,
    'Whom they are sealed to with age: one or several recipients ("age1…"), any one of whom can open them.'
  ),
  ageIdentity: option(
    optional(secret(1)),
    'BACKUP_AGE_IDENTITY',
    undefined,
    'Private keys of age ("AGE-SECRET-KEY-1…", one a line), with which sealed backups are verified and restored here; old ones stay for old backups.'
  ),
  encryptionPassphrase: option(
    optional(secret(PASSPHRASE_LENGTH)),
    'BACKUP_ENCRYPTION_PASSPHRASE',
    undefined,
    `In place of keys, at least ${PASSPHRASE_LENGTH} characters; where there are keys it only opens.`
  ),
  openpgpPublicKeys: option(
    optional(document),
    'BACKUP_OPENPGP_PUBLIC_KEYS',
    undefined,
    'Whom they are sealed to with openpgp: what "gpg --export --armor" writes.'
  ),
  openpgpPrivateKeys: option(
    optional(secret(1)),
    'BACKUP_OPENPGP_PRIVATE_KEYS',
    undefined,
    'Private keys of OpenPGP: what "gpg --export-secret-keys --armor" writes.'
  ),
  openpgpPrivateKeysPassphrase: option(
    optional(secret(1)),
    'BACKUP_OPENPGP_PRIVATE_KEYS_PASSPHRASE',
    undefined,
    'The passphrase of these private keys, where they have one.'
  ),

  trustedSigningKeys: option(
    optional(documentOrList),
    'BACKUP_TRUSTED_SIGNING_KEYS',
    undefined,
    'Public keys of other installations ("holdfast-sign1-…") whose signed manifests are trusted like those of this one.'
  ),
  requireSigned: option(
    flag,
    'BACKUP_REQUIRE_SIGNED',
    false,
    'Whether only backups whose manifest is signed by a trusted key are taken over and used.'
  ),

  host: option(text, 'HOST', '127.0.0.1', 'Address to listen on; 0.0.0.0 is every address of this machine.'),
  port: option(whole(0, 65_535), 'PORT', 3000, 'Port to listen on; 0 takes any free one.'),
  trustProxy: option(
    proxies,
    'TRUST_PROXY',
    false,
    'Which proxies in front may say who the caller is (X-Forwarded-For): how many there are (true is one), or their addresses and ranges with "," in between; false believes nobody.'
  ),
  jwtSecret: option(
    optional(key(SECRET_LENGTH)),
    'JWT_SECRET',
    undefined,
    `Signs and checks tokens (HS256), at least ${SECRET_LENGTH} characters; without it the service makes its own.`
  ),
  jwtPublicKey: option(
    optional(secret(1)),
    'JWT_PUBLIC_KEY',
    undefined,
    'PEM public key that checks tokens made elsewhere, in place of JWT_SECRET.'
  ),
  jwtAlgorithm: option(
    optional(choice(ALGORITHMS)),
    'JWT_ALGORITHM',
    undefined,
    'The one algorithm accepted; by default the one that fits the key.'
  ),
  requireTokenExpiry: option(
    flag,
    'REQUIRE_TOKEN_EXPIRY',
    false,
    'Whether a token without an end (the claim exp) is refused.'
  ),
  metricsToken: option(
    optional(key(SECRET_LENGTH)),
    'METRICS_TOKEN',
    undefined,
    `Bearer token that /metrics then asks for, at least ${SECRET_LENGTH} characters.`
  ),
  metricsMaxSources: option(
    whole(0, 100_000),
    'METRICS_MAX_SOURCES',
    1000,
    'Sources that have series of their own in /metrics, from the first on; the counters of the others are added up under an empty label.'
  ),
  hstsIncludeSubdomains: option(
    flag,
    'HSTS_INCLUDE_SUBDOMAINS',
    false,
    'Whether browsers are told to reach the subdomains of this host by TLS alone, too: whatever else is served there must have it.'
  ),
  rateLimitPerMinute: option(
    whole(0, 1_000_000),
    'RATE_LIMIT_PER_MINUTE',
    600,
    'Requests a caller may make a minute; 0 is no limit.'
  ),
  maxConnections: option(
    whole(0, 1_000_000),
    'MAX_CONNECTIONS',
    0,
    'Connections to the API that may be open at once; 0: as many as the limit of open files leaves room for beside the jobs.'
  ),
  bodyLimitBytes: option(whole(1024, 100 * MiB), 'BODY_LIMIT_BYTES', MiB, 'Largest request body.'),

  dataDir: option(path, 'DATA_DIR', './data', 'Where the service keeps its catalog and its own secret.'),
  scratchDir: option(
    optional(path),
    'SCRATCH_DIR',
    undefined,
    'Where temporary files go; by default "scratch" in DATA_DIR.'
  ),
  restoreDirs: option(
    paths,
    'RESTORE_DIRS',
    [],
    'Directories, with ":" in between, in which the API may restore a backup to another path than that of its source; without any it may not.'
  ),
  diskReserveBytes: option(
    whole(0, Number.MAX_SAFE_INTEGER),
    'DISK_RESERVE_BYTES',
    64 * MiB,
    'Free space that a backup must leave.'
  ),
  maxConcurrentJobs: option(
    whole(1, 64),
    'MAX_CONCURRENT_JOBS',
    2,
    'Jobs that run at once; of one source at most one fewer. Two more run while as many make no progress, unless this is 1.'
  ),
  maxQueuedJobs: option(
    whole(1, 10_000),
    'MAX_QUEUED_JOBS',
    100,
    'Jobs of callers that may wait, or copy to other stores, in all; more are refused.'
  ),
  maxQueuedJobsPerSource: option(whole(1, 10_000), 'MAX_QUEUED_JOBS_PER_SOURCE', 20, 'The same for one source.'),
  childTimeoutMs: option(
    whole(1000, 86_400_000),
    'CHILD_TIMEOUT_MS',
    600_000,
    'Milliseconds that a process which reads a database may take, and one more for each 4 KiB of it.'
  ),
  childMemoryBytes: option(
    whole(256 * MiB, Number.MAX_SAFE_INTEGER),
    'CHILD_MEMORY_BYTES',
    1024 * MiB,
    'Memory that a process which reads a database may take.'
  ),
  sourceBusyTimeoutMs: option(
    whole(0, 600_000),
    'SOURCE_BUSY_TIMEOUT_MS',
    5000,
    'Milliseconds to wait for a lock on a database.'
  ),
  trashGraceHours: option(
    whole(0, 8784),
    'TRASH_GRACE_HOURS',
    24,
    'Hours that a removed backup can still be brought back.'
  ),
  shutdownGraceMs: option(
    whole(0, 3_600_000),
    'SHUTDOWN_GRACE_MS',
    30_000,
    'Milliseconds that running jobs get to end when the service stops.'
  ),
  auditRetentionDays: option(
    whole(1, 36_600),
    'AUDIT_RETENTION_DAYS',
    365,
    'Days that the audit log remembers who did what.'
  ),
  logLevel: option(choice(LOG_LEVELS), 'LOG_LEVEL', 'info', `How much is logged: ${LOG_LEVELS.join(', ')}.`),

  alertMaxAgeHours: option(
    whole(0, 87_840),
    'ALERT_MAX_AGE_HOURS',
    0,
    'Hours that a source may be without a good backup, whatever its schedule; 0 asks for nothing beyond the schedule.'
  ),
  alertSizeChangePercent: option(
    whole(0, 100_000),
    'ALERT_SIZE_CHANGE_PERCENT',
    20,
    'Percent that the size of a backup may differ from that of those before it; 0 is no limit.'
  ),
  alertDiskFreePercent: option(
    whole(0, 99),
    'ALERT_DISK_FREE_PERCENT',
    20,
    'Percent of the disk with the backups that should be free; 0 asks for none.'
  ),
  alertMinBackups: option(
    whole(0, 100_000),
    'ALERT_MIN_BACKUPS',
    0,
    'Good backups that each source should have; 0 asks for none.'
  )
} as const
