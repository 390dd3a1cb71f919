import { LANDING_STORE } from '../core/ports/store.ts'

export const CHECK = { name: 'row_counts', status: 'pass', reason: '2 tables, 1100 rows' } as const

export const COPY = {
  store: LANDING_STORE,
  location: '/var/lib/holdfast/backups/workstation-backup-2026-01-05T02-00-25.db',
  status: 'stored',
  size: 40_960,
  uploadedAt: '2026-01-05T02:00:26.166Z',
  error: null,
  attempts: 0,
  nextAttemptAt: null
} as const

export const SIGNATURE = {
  state: 'signed',
  key: 'holdfast-sign1-HQsyCpH-CzkWWtJyYl12lZfw8hb08TNVt8bjbyctWOc',
  keyId: 'd400b7a0b6251a43',
  refused: false
} as const

export const SOURCE_STATISTICS = {
  source: 'workstation',
  state: 'ok',
  totalBackups: 2,
  totalSize: 81_920,
  oldestBackup: '2026-01-05T02:00:25.421Z',
  newestBackup: '2026-01-05T02:00:26.465Z',
  lastSuccess: '2026-01-05T02:00:26.848Z',
  lastFailure: null,
  ageSeconds: 0,
  lastVerified: '2026-01-05T02:00:27.367Z',
  lastProven: '2026-01-05T02:00:27.369Z',
  lastRestoreSeconds: 0.003,
  rpoSeconds: 0,
  nextRun: '2026-01-06T02:00:00.000Z'
} as const

export const PART = {
  name: 'main',
  fileName: 'workstation-backup-2026-01-05T02-00-25.db',
  size: 40_960,
  checksum: '00a9772f72e0a9b54f55a045ff37d2776b0d89815b65a4c87d654b2128396092'
} as const

export const JOB = {
  id: 12,
  kind: 'restore',
  source: 'workstation',
  backupId: 1,
  status: 'succeeded',
  phase: 'done',
  percent: 100,
  bytesDone: 40_960,
  bytesTotal: 40_960,
  bytesPerSecond: null,
  createdAt: '2026-01-05T02:00:28.222Z',
  startedAt: '2026-01-05T02:00:28.223Z',
  finishedAt: '2026-01-05T02:00:29.365Z',
  errorCode: null,
  errorMessage: null
} as const

export const RETENTION = { daily: 7, weekly: 4, minBackups: 3 } as const

export const DRILL_REPORT = {
  backup: {
    fileName: 'workstation-backup-2026-01-05T02-00-25.db',
    startedAt: '2026-01-05T02:00:25.421Z',
    checksum: '00a9772f72e0a9b54f55a045ff37d2776b0d89815b65a4c87d654b2128396092',
    imageChecksum: '00a9772f72e0a9b54f55a045ff37d2776b0d89815b65a4c87d654b2128396092',
    size: 40_960,
    compression: 'none'
  },
  chosen: 'requested by the caller',
  checks: [CHECK],
  assertions: [{ name: 'orders are there', status: 'pass', found: 1000, bound: 'at least 1', reason: null }],
  duration: 154
} as const

export const DRILL = {
  id: 1,
  kind: 'drill',
  backupId: 1,
  source: 'workstation',
  target: '/var/lib/holdfast/data/scratch/812-61f7898d',
  mode: 'scratch',
  status: 'passed',
  members: [],
  bytes: 40_960,
  startedAt: '2026-01-05T02:00:27.215Z',
  finishedAt: '2026-01-05T02:00:27.369Z',
  durationMs: 154,
  restoreTimeMs: 3,
  actor: 'ada',
  safetyBackupId: null,
  keptFile: null,
  undoneAt: null,
  discardedAt: null,
  warnings: [],
  errorCode: null,
  errorMessage: null,
  report: DRILL_REPORT
} as const

export const ROW_DIFFERENCE = {
  change: 'removed',
  before: { id: 100, account: 12, note: 'rent', amount: 42 },
  after: null,
  columns: []
} as const

export const BACKUP = {
  id: 1,
  fileName: 'workstation-backup-2026-01-05T02-00-25.db',
  filePath: '/var/lib/holdfast/backups/workstation-backup-2026-01-05T02-00-25.db',
  backupType: 'manual',
  fileSize: 40_960,
  checksum: '00a9772f72e0a9b54f55a045ff37d2776b0d89815b65a4c87d654b2128396092',
  startedAt: '2026-01-05T02:00:25.421Z',
  completedAt: '2026-01-05T02:00:26.166Z',
  status: 'completed',
  source: 'workstation',
  method: 'full',
  schedule: null,
  description: 'Before the migration to 2.5',
  compression: 'none',
  encryption: 'none',
  originalSize: 40_960,
  durationMs: 745,
  errorMessage: null,
  pinned: false,
  parentId: null,
  verification: {
    status: 'valid',
    checkedAt: '2026-01-05T02:00:26.423Z',
    checks: [CHECK]
  },
  copies: [COPY],
  suspicion: null,
  signature: SIGNATURE,
  foreignInstance: null,
  errorCode: null,
  trashedAt: null,
  deletedAt: null,
  totalSize: 40_960,
  parts: [PART],
  kind: 'sqlite',
  chain: null
}

/** The keys that come first in a list. */
export const NEWER = {
  id: 2,
  fileName: 'workstation-backup-2026-01-05T02-00-26.db',
  fileSize: 40_960,
  status: 'completed',
  startedAt: '2026-01-05T02:00:26.465Z'
} as const
