import type { DryRun } from '../../../src/engine/restore/dry-run.ts'
import type { Restore } from '../../../src/core/restore/restore.ts'
import { aBackup, STARTED } from './backup.ts'
import { VALID } from './verification.ts'

export function aRestore (given: Partial<Restore> = {}): Restore {
  return {
    id: 1,
    kind: 'restore',
    backupId: 1,
    source: 'workstation',
    target: '/data/workstation.db',
    members: [],
    mode: 'live',
    status: 'completed',
    safetyBackupId: 2,
    aside: null,
    undoStartedAt: null,
    undoneAt: null,
    discardedAt: null,
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
      chosen: 'requested by the caller',
      checks: VALID.checks,
      assertions: [{ name: 'there are orders', status: 'pass', found: 7, bound: 'at least 1', reason: null }],
      duration: 3000
    },
    ...given
  })
}

/** A restore of a backup by which one table would change, with nothing in its way. */
export function aDryRun (given: Partial<DryRun> = {}): DryRun {
  return {
    backup: aBackup(),
    mode: 'live',
    target: '/data/workstation.db',
    isSecured: true,
    tables: [
      { table: 'orders', presence: 'both', inserted: 3, deleted: 1, changed: 2, same: 40 },
      { table: 'people', presence: 'both', inserted: 0, deleted: 0, changed: 0, same: 7 }
    ],
    skipped: [],
    rowsUnknown: null,
    space: [{ use: 'scratch', place: '/scratch', needed: 1_048_576, free: 5_000_000_000 }],
    holders: [{ pid: 4711, command: 'node app.js' }],
    estimate: { milliseconds: 2400, from: 2 },
    obstacle: null,
    ...given
  }
}
