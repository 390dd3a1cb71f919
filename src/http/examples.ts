import { LANDING_STORE } from '../core/ports/store.ts'
import { FILE_EXAMPLE } from './schemas/files.ts'
import {
  BACKUP,
  CHECK,
  COPY,
  DRILL,
  DRILL_REPORT,
  JOB,
  NEWER,
  PART,
  RETENTION,
  ROW_DIFFERENCE,
  SIGNATURE,
  SOURCE_STATISTICS
} from './example-values.ts'

/** One value of each schema that the document names, as the service answers with it; a test checks each. */
export const EXAMPLES: Readonly<Record<string, unknown>> = {
  Alert: {
    id: 3,
    rule: 'backup_too_old',
    source: 'workstation',
    severity: 'critical',
    message: 'the newest good backup is 2 days old',
    remedy: 'Find the cause with `holdfast runs` and `holdfast doctor`.',
    raisedAt: '2026-01-07T02:00:00.000Z',
    clearedAt: null
  },
  AuditEntry: {
    id: 2,
    at: '2026-01-05T02:00:26.983Z',
    origin: 'api',
    actor: 'ada',
    role: 'admin',
    address: '127.0.0.1',
    action: 'backup create',
    target: 'source workstation',
    outcome: 'done',
    code: null,
    requestId: '86321ce8-3915-4ba4-aa2a-4c53e43cafcf',
    times: 1
  },
  Backup: BACKUP,
  BackupPart: PART,
  Check: CHECK,
  Config: {
    autoBackupEnabled: false,
    autoBackupInterval: 86_400_000,
    maxBackups: 10,
    compression: 'none',
    verifyAfterBackup: true,
    databasePath: '/srv/workstation/workstation.db',
    backupDir: '/var/lib/holdfast/backups',
    origins: {
      autoBackupEnabled: 'file',
      autoBackupInterval: 'default',
      maxBackups: 'default',
      compression: 'default',
      verifyAfterBackup: 'default',
      databasePath: 'file',
      backupDir: 'default'
    }
  },
  Copy: COPY,
  CopyDecision: {
    backupId: 2,
    fileName: 'workstation-backup-2026-01-05T02-00-26.db',
    source: 'workstation',
    backupType: 'manual',
    schedule: null,
    startedAt: '2026-01-05T02:00:26.465Z',
    fileSize: 40_960,
    keep: true,
    removal: null,
    reasons: ['manual: outside the rules', 'newest backup', 'newest verified backup'],
    store: 'nas'
  },
  Decision: {
    backupId: 2,
    fileName: 'workstation-backup-2026-01-05T02-00-26.db',
    source: 'workstation',
    backupType: 'manual',
    schedule: null,
    startedAt: '2026-01-05T02:00:26.465Z',
    fileSize: 40_960,
    keep: true,
    removal: null,
    reasons: ['manual: outside the rules', 'newest backup', 'newest verified backup']
  },
  Drill: DRILL,
  DrillEvidence: {
    madeAt: '2026-01-05T02:00:27.376Z',
    since: '2025-10-07T02:00:27.376Z',
    until: '2026-01-05T02:00:27.376Z',
    total: { drills: 1, passed: 1, failed: 0, inconclusive: 0, running: 0 },
    sources: [{
      source: 'workstation',
      drills: 1,
      passed: 1,
      failed: 0,
      inconclusive: 0,
      running: 0,
      backups: 1,
      oldest: '2026-01-05T02:00:25.421Z',
      newest: '2026-01-05T02:00:25.421Z',
      slowestRestoreSeconds: 0.003,
      usualRestoreSeconds: 0.003,
      now: SOURCE_STATISTICS
    }],
    drills: [{ ...DRILL, backupAgeSeconds: 1 }]
  },
  DrillReport: DRILL_REPORT,
  ErrorCode: 'BACKUP_IN_PROGRESS',
  Failure: { backupId: 4, code: 'STORE_UNAVAILABLE', message: 'the store "nas" is not available' },
  Health: {
    success: true,
    status: 'ok',
    backup: {
      status: 'ok',
      lastSuccess: '2026-01-05T02:00:29.061Z',
      ageSeconds: 0,
      sources: 1,
      never: 0,
      overdue: 0,
      failing: 0
    },
    alerts: {
      critical: 0,
      warning: 0,
      rules: []
    }
  },
  Job: JOB,
  JobWithLog: {
    ...JOB,
    kind: 'create',
    log: [{ at: '2026-01-05T02:00:28.300Z', text: 'before: "docker compose stop app": exit code 0' }]
  },
  ListedBackup: {
    ...NEWER,
    ...BACKUP,
    ...NEWER,
    filePath: `/var/lib/holdfast/backups/${NEWER.fileName}`,
    completedAt: '2026-01-05T02:00:26.848Z',
    description: null,
    durationMs: 383,
    verification: { ...BACKUP.verification, checkedAt: '2026-01-05T02:00:26.973Z' },
    parts: [{ ...PART, fileName: NEWER.fileName }]
  },
  Problem: {
    type: 'urn:holdfast:error:BACKUP_IN_PROGRESS',
    title: 'another job is running on the source',
    status: 409,
    detail: 'another job is running on the source "workstation"',
    instance: '/api/backups',
    success: false,
    code: 'BACKUP_IN_PROGRESS',
    hint: 'Wait for that job to end, or cancel it.',
    requestId: '8b3ccca5-3966-4e30-8e0f-e5dccd46cd40'
  },
  Restore: {
    id: 2,
    kind: 'restore',
    backupId: 1,
    source: 'workstation',
    target: '/srv/workstation/workstation.db',
    mode: 'live',
    status: 'completed',
    members: [],
    bytes: 40_960,
    startedAt: '2026-01-05T02:00:27.215Z',
    finishedAt: '2026-01-05T02:00:27.369Z',
    durationMs: 743,
    restoreTimeMs: 153,
    actor: 'ada',
    safetyBackupId: 3,
    keptFile: null,
    undoneAt: null,
    discardedAt: null,
    warnings: [],
    errorCode: null,
    errorMessage: null
  },
  RetentionRules: RETENTION,
  RowDifference: ROW_DIFFERENCE,
  RowValue: 42,
  Run: {
    id: 2,
    kind: 'backup',
    source: 'workstation',
    rule: 'daily',
    tier: 'daily',
    method: 'full',
    dueAt: '2026-01-05T02:00:00.000Z',
    status: 'done',
    attempts: 1,
    nextAttemptAt: null,
    backupId: 1,
    reason: null,
    errorCode: null,
    startedAt: '2026-01-05T02:00:00.012Z',
    finishedAt: '2026-01-05T02:00:01.434Z'
  },
  Signature: SIGNATURE,
  Source: {
    name: 'workstation',
    kind: 'sqlite',
    location: '/srv/workstation/workstation.db',
    isDefault: true,
    state: 'ok',
    policy: {
      enabled: false,
      interval: 86_400_000,
      maxBackups: null,
      compression: 'none',
      verify: true,
      drillSchedule: '0 6 * * 0',
      keepLocal: true,
      anomalyGuard: true,
      maxChainLength: 24,
      maxChainAge: 604_800_000,
      coveredBy: null,
      stores: null,
      schedule: null,
      retention: RETENTION
    },
    nextRun: null,
    statistics: SOURCE_STATISTICS
  },
  SourceStatistics: SOURCE_STATISTICS,
  Statistics: {
    totalBackups: 2,
    totalSize: 81_920,
    oldestBackup: '2026-01-05T02:00:25.421Z',
    newestBackup: '2026-01-05T02:00:26.465Z',
    failedBackups: 0,
    sources: [SOURCE_STATISTICS]
  },
  Store: {
    name: LANDING_STORE,
    kind: 'local',
    place: '/var/lib/holdfast/backups',
    landing: true,
    remembered: false,
    state: 'ok',
    stored: 2,
    bytes: 81_920,
    waiting: 0,
    failure: null,
    appendOnly: false,
    lock: false,
    bandwidth: null
  },
  StoreProbe: {
    store: 'nas',
    ok: true,
    findings: [{ check: 'reach', status: 'ok', message: 'it responds at "/mnt/nas/holdfast"', remedy: null }, {
      check: 'write',
      status: 'ok',
      message: 'an object was written',
      remedy: null
    }]
  },
  TableDifference: {
    table: 'entry',
    presence: 'both',
    identity: 'key',
    key: ['id'],
    columnsAdded: [],
    columnsRemoved: [],
    removed: 1,
    added: 0,
    changed: 0,
    same: 99,
    rows: [ROW_DIFFERENCE],
    hasMore: false
  },
  TableRescue: {
    table: 'account',
    chosen: 2,
    parents: 0,
    children: 0,
    inserted: 1,
    overwritten: 0,
    same: 1,
    skipped: 0,
    triggers: []
  },
  BackupFile: FILE_EXAMPLE,
  Undo: { backupId: 3, call: 'POST /api/backups/3/restore', command: 'holdfast restore 3', members: [] }
}

/** One body for each operation that takes one. */
export const BODY_EXAMPLES: Readonly<Record<string, unknown>> = {
  createBackup: { description: 'Before the migration to 2.5', compression: 'zstd' },
  updateBackup: { pinned: true },
  verifyBackups: { source: 'workstation' },
  uploadBackup: { store: 'nas' },
  pruneBackups: { dryRun: true },
  rescueRows: { tables: [{ name: 'entry', where: 'account = 12' }], dryRun: true },
  restoreBackup: { confirm: true },
  undoRestore: { confirm: true },
  discardPrevious: { confirm: true },
  updateConfig: { autoBackupEnabled: true, autoBackupInterval: 86_400_000 }
}
