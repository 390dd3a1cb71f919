import type { Backup } from '../../../src/core/backup/backup.ts'
import type { Job } from '../../../src/core/job.ts'
import { completeChecks, conclude, type Verification } from '../../../src/core/ports/verification.ts'
import type { Restore } from '../../../src/core/restore/restore.ts'
import type { Difference, Rescue } from '../../../src/core/restore/rows.ts'

export const STARTED = new Date('2025-11-24T23:30:00.000Z')
export const VALID: Verification = conclude(completeChecks([
  { name: 'file_exists', status: 'pass' },
  { name: 'checksum', status: 'pass' },
  { name: 'opens_read_only', status: 'pass' }
], 'not tried here'))

/** A backup that is whole in every field. */
export function aBackup (given: Partial<Backup> = {}): Backup {
  const id = given.id ?? 1
  const key = 'workstation-backup-2025-11-24T23-30-00.db'
  return {
    id,
    source: 'workstation',
    type: 'manual',
    method: 'full',
    schedule: null,
    status: 'completed',
    key,
    filePath: `/backups/${key}`,
    description: null,
    compression: 'none',
    encryption: 'none',
    startedAt: STARTED,
    completedAt: new Date(STARTED.getTime() + 5000),
    size: 1_048_576,
    checksum: 'a'.repeat(64),
    originalSize: 1_048_576,
    originalChecksum: 'a'.repeat(64),
    errorCode: null,
    errorMessage: null,
    parentId: null,
    link: null,
    pinned: false,
    suspicion: null,
    signature: null,
    foreignInstance: null,
    verification: { status: 'valid', checkedAt: STARTED, checks: VALID.checks },
    copies: [{
      store: 'local',
      location: `/backups/${key}`,
      status: 'stored',
      size: 1_048_576,
      uploadedAt: STARTED,
      attempts: 0,
      error: null,
      nextAttemptAt: null
    }],
    trashedAt: null,
    deletedAt: null,
    ...given
  }
}

export function aJob (given: Partial<Job> = {}): Job {
  return {
    id: 1,
    kind: 'create',
    source: 'workstation',
    backupId: null,
    status: 'running',
    progress: { phase: 'storing', bytesDone: 25, bytesTotal: 100 },
    createdAt: STARTED,
    startedAt: STARTED,
    finishedAt: null,
    errorCode: null,
    errorMessage: null,
    ...given
  }
}

export function aRestore (given: Partial<Restore> = {}): Restore {
  return {
    id: 1,
    kind: 'restore',
    backupId: 1,
    source: 'workstation',
    target: '/data/workstation.db',
    mode: 'live',
    status: 'completed',
    safetyBackupId: 2,
    aside: null,
    bytes: 1_048_576,
    actor: 'the admin',
    restoreTime: 900,
    startedAt: STARTED,
    finishedAt: new Date(STARTED.getTime() + 3000),
    warnings: [],
    report: null,
    errorCode: null,
    errorMessage: null,
    ...given
  }
}

/** A drill that passed, with its report. */
export function aDrill (given: Partial<Restore> = {}): Restore {
  const { key, checksum, size, compression, startedAt } = aBackup()
  return aRestore({
    kind: 'drill',
    target: '/scratch',
    mode: 'scratch',
    status: 'passed',
    safetyBackupId: null,
    report: {
      backup: {
        fileName: key,
        startedAt: startedAt.toISOString(),
        checksum: checksum!,
        imageChecksum: checksum!,
        size: size!,
        compression
      },
      chosen: 'it was asked for',
      checks: VALID.checks,
      assertions: [{ name: 'there are orders', status: 'pass', found: 7, bound: 'at least 1', reason: null }],
      duration: 3000
    },
    ...given
  })
}

/** A row that was removed from a table, and two that were added. */
export function aDifference (): Difference {
  return {
    tables: [{
      table: 'line',
      presence: 'both',
      identity: 'key',
      key: ['id'],
      added: 2,
      removed: 1,
      changed: 0,
      same: 9,
      columnsAdded: [],
      columnsRemoved: [],
      rows: [{
        change: 'removed',
        before: { id: 4, text: 'nails', image: { blob: '00ff' } },
        after: null,
        columns: []
      }],
      hasMore: false
    }],
    skipped: [{ table: 'words', reason: 'it is a virtual table, which is made from others' }]
  }
}

/** A row that comes back, with its parent. */
export function aRescue (): Rescue {
  const one = { inserted: 1, overwritten: 0, same: 0, skipped: 0, triggers: [] }
  return {
    tables: [{ table: 'invoice', chosen: 0, parents: 1, children: 0, ...one }, {
      table: 'line',
      chosen: 1,
      parents: 0,
      children: 0,
      ...one
    }],
    conflicts: [],
    refused: false,
    orphans: 0
  }
}
