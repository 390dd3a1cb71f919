import { z } from 'zod'
import type { SourceStatistics } from '../core/catalog/catalog.ts'
import type { ServiceStatistics, SourceState } from '../engine/status/sources.ts'
import { bytes, count, instant, iso } from './common.ts'

export const sourceStatisticsSchema = z.object({
  source: z.string(),
  state: z.enum(['ok', 'busy', 'failing', 'never', 'unconfigured']).meta({
    description: '`unconfigured`: it has backups, but is no longer configured.'
  }),
  totalBackups: count,
  totalSize: bytes,
  oldestBackup: instant.nullable(),
  newestBackup: instant.nullable(),
  lastSuccess: instant.nullable(),
  lastFailure: instant.nullable(),
  ageSeconds: count.nullable().meta({ description: 'Seconds since the last success.' }),
  lastVerified: instant.nullable(),
  lastProven: instant.nullable().meta({ description: 'Time of the last successful restore or passed drill.' }),
  lastRestoreSeconds: z.number().nonnegative().nullable().meta({ description: 'Duration of that restore.' }),
  rpoSeconds: count.nullable().meta({
    description:
      'Age in seconds of the newest valid backup by its start time: the changes of this period are lost in a restore.'
  }),
  nextRun: instant.nullable()
}).meta({ id: 'SourceStatistics' })

export const statisticsSchema = z.object({
  totalBackups: count.meta({ description: 'Completed backups that still exist.' }),
  totalSize: bytes,
  oldestBackup: instant.nullable(),
  newestBackup: instant.nullable(),
  failedBackups: count.meta({ description: 'Without cancelled backups.' }),
  sources: z.array(sourceStatisticsSchema)
}).meta({ id: 'Statistics' })

export type StatisticsView = z.infer<typeof statisticsSchema>
export type SourceStatisticsView = z.infer<typeof sourceStatisticsSchema>

/** Totals first, in the runbook's order; then every source that is protected, and those that only have backups left. */
export function presentStatistics (statistics: ServiceStatistics, now: Date): StatisticsView {
  const configured = new Set(statistics.states.map(state => state.name))
  return {
    totalBackups: statistics.totalBackups,
    totalSize: statistics.totalSize,
    oldestBackup: iso(statistics.oldestBackup),
    newestBackup: iso(statistics.newestBackup),
    failedBackups: statistics.failedBackups,
    sources: [
      ...statistics.states.map(state => presentState(state, now)),
      ...statistics.sources.filter(({ source }) => !configured.has(source)).map(found =>
        present(found, 'unconfigured', null, now)
      )
    ]
  }
}

export function presentState (state: SourceState, now: Date): SourceStatisticsView {
  return present(state.statistics, state.state, state.nextRun, now)
}

function present (
  found: SourceStatistics,
  state: SourceStatisticsView['state'],
  nextRun: Date | null,
  now: Date
): SourceStatisticsView {
  return {
    source: found.source,
    state,
    totalBackups: found.count,
    totalSize: found.size,
    oldestBackup: iso(found.oldest),
    newestBackup: iso(found.newest),
    lastSuccess: iso(found.lastSuccess),
    lastFailure: iso(found.lastFailure),
    ageSeconds: secondsSince(found.lastSuccess, now),
    lastVerified: iso(found.lastVerified),
    lastProven: iso(found.lastProven),
    lastRestoreSeconds: found.restoreTime === null ? null : found.restoreTime / 1000,
    rpoSeconds: secondsSince(found.newestProven, now),
    nextRun: iso(nextRun)
  }
}

function secondsSince (time: Date | null, now: Date): number | null {
  return time === null ? null : Math.max(0, Math.floor((now.getTime() - time.getTime()) / 1000))
}
