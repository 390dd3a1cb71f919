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
  paths,
  secret,
  text,
  whole
} from '../core/ports/field.ts'
import { proxies } from './option-fields.ts'

export const ALGORITHMS = ['HS256', 'RS256', 'ES256', 'EdDSA'] as const
export type Algorithm = typeof ALGORITHMS[number]

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = typeof LOG_LEVELS[number]

export const LOG_FORMATS = ['auto', 'json', 'pretty'] as const
export type LogFormat = typeof LOG_FORMATS[number]

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
    'Whether new backups are encrypted before they are stored: none, age or openpgp.'
  ),
  ageRecipients: option(
    optional(documentOrList),
    'BACKUP_AGE_RECIPIENTS',
    undefined,
    'Public keys (recipients) for age, one or several ("age1…"); each of them can decrypt the backups.'
  ),
  ageIdentity: option(
    optional(secret(1)),
    'BACKUP_AGE_IDENTITY',
    undefined,
    'Private keys of age ("AGE-SECRET-KEY-1…", one a line), to verify and restore encrypted backups here; keep old ones for old backups.'
  ),
  encryptionPassphrase: option(
    optional(secret(PASSPHRASE_LENGTH)),
    'BACKUP_ENCRYPTION_PASSPHRASE',
    undefined,
    `Passphrase instead of public keys, at least ${PASSPHRASE_LENGTH} characters; if public keys are set, it is used only to decrypt.`
  ),
  openpgpPublicKeys: option(
    optional(document),
    'BACKUP_OPENPGP_PUBLIC_KEYS',
    undefined,
    'Public keys for openpgp: the output of "gpg --export --armor".'
  ),
  openpgpPrivateKeys: option(
    optional(secret(1)),
    'BACKUP_OPENPGP_PRIVATE_KEYS',
    undefined,
    'Private keys for openpgp: the output of "gpg --export-secret-keys --armor".'
  ),
  openpgpPrivateKeysPassphrase: option(
    optional(secret(1)),
    'BACKUP_OPENPGP_PRIVATE_KEYS_PASSPHRASE',
    undefined,
    'The passphrase of these private keys, if they have one.'
  ),

  trustedSigningKeys: option(
    optional(documentOrList),
    'BACKUP_TRUSTED_SIGNING_KEYS',
    undefined,
    'Public keys of other installations ("holdfast-sign1-…") whose signatures on manifests are trusted like those of this one.'
  ),
  requireSigned: option(
    flag,
    'BACKUP_REQUIRE_SIGNED',
    false,
    'Whether only backups whose manifest is signed by a trusted key are imported and used.'
  ),

  host: option(text, 'HOST', '127.0.0.1', 'Address to listen on; 0.0.0.0 is every address of this machine.'),
  port: option(whole(0, 65_535), 'PORT', 3000, 'Port to listen on; 0 takes any free one.'),
  trustProxy: option(
    proxies,
    'TRUST_PROXY',
    false,
    'Proxies that are trusted to report the address of the caller (X-Forwarded-For): their number (true is one), or addresses and ranges separated by ","; false: none.'
  ),
  jwtSecret: option(
    optional(key(SECRET_LENGTH)),
    'JWT_SECRET',
    undefined,
    `Secret that signs and verifies tokens (HS256), at least ${SECRET_LENGTH} characters. Default: the service generates one.`
  ),
  jwtPublicKey: option(
    optional(secret(1)),
    'JWT_PUBLIC_KEY',
    undefined,
    'PEM public key for tokens from another issuer, instead of JWT_SECRET.'
  ),
  jwtAlgorithm: option(
    optional(choice(ALGORITHMS)),
    'JWT_ALGORITHM',
    undefined,
    'The only accepted algorithm of tokens. Default: the one that fits the key.'
  ),
  requireTokenExpiry: option(
    flag,
    'REQUIRE_TOKEN_EXPIRY',
    false,
    'Whether tokens without an expiry (the claim exp) are refused.'
  ),
  metricsToken: option(
    optional(key(SECRET_LENGTH)),
    'METRICS_TOKEN',
    undefined,
    `Bearer token that /metrics requires, at least ${SECRET_LENGTH} characters. Default: none is required.`
  ),
  metricsMaxSources: option(
    whole(0, 100_000),
    'METRICS_MAX_SOURCES',
    1000,
    'Number of sources with their own series in /metrics; the counters of the others are summed under an empty label.'
  ),
  hstsIncludeSubdomains: option(
    flag,
    'HSTS_INCLUDE_SUBDOMAINS',
    false,
    'Whether the HSTS header includes subdomains of this host, which browsers then reach only by TLS.'
  ),
  rateLimitPerMinute: option(
    whole(0, 1_000_000),
    'RATE_LIMIT_PER_MINUTE',
    600,
    'Maximum requests a minute from one caller; 0 is no limit.'
  ),
  maxConnections: option(
    whole(0, 1_000_000),
    'MAX_CONNECTIONS',
    0,
    'Maximum open connections to the API; 0: derived from the limit of open files.'
  ),
  bodyLimitBytes: option(whole(1024, 100 * MiB), 'BODY_LIMIT_BYTES', MiB, 'Maximum size of a request body.'),

  dataDir: option(path, 'DATA_DIR', './data', 'Directory of the catalog and the generated secret.'),
  scratchDir: option(
    optional(path),
    'SCRATCH_DIR',
    undefined,
    'Directory for temporary files. Default: "scratch" in DATA_DIR.'
  ),
  restoreDirs: option(
    paths,
    'RESTORE_DIRS',
    [],
    'Directories, separated by ":", to which the API may restore backups besides the path of the source. Default: none.'
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
    'Maximum concurrent jobs; one source may use all but one of them. Up to two more run while others make no progress, unless this is 1.'
  ),
  maxQueuedJobs: option(
    whole(1, 10_000),
    'MAX_QUEUED_JOBS',
    100,
    'Maximum queued jobs of callers, including copies to other stores; further ones are refused.'
  ),
  maxQueuedJobsPerSource: option(whole(1, 10_000), 'MAX_QUEUED_JOBS_PER_SOURCE', 20, 'The same for one source.'),
  childTimeoutMs: option(
    whole(1000, 86_400_000),
    'CHILD_TIMEOUT_MS',
    600_000,
    'Maximum milliseconds for a process that reads a database, plus one for each 4 KiB of it.'
  ),
  childMemoryBytes: option(
    whole(256 * MiB, Number.MAX_SAFE_INTEGER),
    'CHILD_MEMORY_BYTES',
    1024 * MiB,
    'Maximum memory of a process that reads a database.'
  ),
  postgresBin: option(
    paths,
    'POSTGRES_BIN',
    [],
    'Directories, separated by ":", with the programs of PostgreSQL (pg_dump, pg_restore), or with directories such as "17/bin". Default: where packages install them.'
  ),
  postgresRunAs: option(
    optional(text),
    'POSTGRES_RUN_AS',
    undefined,
    'User as whom drills start a temporary PostgreSQL server if the service runs as root. Default: postgres, if that user exists.'
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
    'Hours that a removed backup stays in the trash.'
  ),
  shutdownGraceMs: option(
    whole(0, 3_600_000),
    'SHUTDOWN_GRACE_MS',
    30_000,
    'Milliseconds that running jobs may take to end when the service stops.'
  ),
  auditRetentionDays: option(
    whole(1, 36_600),
    'AUDIT_RETENTION_DAYS',
    365,
    'Days to keep the audit log.'
  ),
  logLevel: option(choice(LOG_LEVELS), 'LOG_LEVEL', 'info', `Log level: ${LOG_LEVELS.join(', ')}.`),
  logFormat: option(
    choice(LOG_FORMATS),
    'LOG_FORMAT',
    'auto',
    'Log format: json, pretty (text for people), or auto, which is pretty on a terminal and json elsewhere.'
  ),

  alertMaxAgeHours: option(
    whole(0, 87_840),
    'ALERT_MAX_AGE_HOURS',
    0,
    'Maximum age in hours of the newest good backup of a source, in addition to its schedule; 0 is off.'
  ),
  alertSizeChangePercent: option(
    whole(0, 100_000),
    'ALERT_SIZE_CHANGE_PERCENT',
    20,
    'Maximum change in percent of the size of a backup, compared with the previous ones; 0 is off.'
  ),
  alertDiskFreePercent: option(
    whole(0, 99),
    'ALERT_DISK_FREE_PERCENT',
    20,
    'Minimum free space in percent on the disk with the backups; 0 is off.'
  ),
  alertMinBackups: option(
    whole(0, 100_000),
    'ALERT_MIN_BACKUPS',
    0,
    'Minimum number of good backups of each source; 0 is off.'
  )
} as const
