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
