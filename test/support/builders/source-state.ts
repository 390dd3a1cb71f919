import type { SourceStatistics } from '../../../src/core/catalog/catalog.ts'
import type { SourceState } from '../../../src/engine/status/sources.ts'
import { STARTED } from './backup.ts'

/** Of a source whose one backup is good and was never restored. */
export function sourceStatistics (given: Partial<SourceStatistics> = {}): SourceStatistics {
  return {
    source: 'workstation',
    lastSuccess: STARTED,
    lastFailure: null,
    lastVerified: STARTED,
    lastScheduled: null,
    lastProven: null,
    restoreTime: null,
    newestProven: STARTED,
    oldest: STARTED,
    newest: STARTED,
    count: 1,
    size: 0,
    ...given
  }
}

/** A source that is in order; backups of it are made only when asked for. */
export function aSourceState (given: Partial<SourceState> = {}): SourceState {
  return {
    name: 'workstation',
    kind: 'sqlite',
    location: '/srv/workstation.db',
    isDefault: true,
    state: 'ok',
    policy: {
      enabled: false,
      interval: 86_400_000,
      schedule: null,
      maxBackups: 10,
      retention: null,
      compression: 'none',
      verify: true,
      drillSchedule: null,
      stores: null,
      keepLocal: true,
      anomalyGuard: true,
      maxChainLength: 24,
      maxChainAge: 604_800_000,
      coveredBy: null
    },
    statistics: sourceStatistics(),
    nextRun: null,
    freshSince: null,
    provenSince: null,
    ...given
  }
}
