import { z } from 'zod'
import { bytes, instant, success } from './common.ts'

const count = z.int().nonnegative()

export const sourceStatisticsSchema = z.object({
  source: z.string(),
  state: z.enum(['ok', 'busy', 'failing', 'never', 'unconfigured']).meta({ description: '`unconfigured`: it has backups, but is no longer protected.' }),
  totalBackups: count,
  totalSize: bytes,
  oldestBackup: instant.nullable(),
  newestBackup: instant.nullable(),
  lastSuccess: instant.nullable(),
  lastFailure: instant.nullable(),
  ageSeconds: count.nullable().meta({ description: 'Seconds since the last success.' }),
  lastVerified: instant.nullable(),
  lastProven: instant.nullable().meta({ description: 'When a backup was last proven restorable by restoring it.' }),
  lastRestoreSeconds: z.number().nonnegative().nullable().meta({ description: 'How long that restore took.' }),
  nextRun: instant.nullable()
}).meta({ id: 'SourceStatistics' })

export const statisticsSchema = z.object({
  totalBackups: count.meta({ description: 'Completed backups that still exist.' }),
  totalSize: bytes,
  oldestBackup: instant.nullable(),
  newestBackup: instant.nullable(),
  failedBackups: count,
  sources: z.array(sourceStatisticsSchema)
}).meta({ id: 'Statistics' })

export type StatisticsView = z.infer<typeof statisticsSchema>
export type SourceStatisticsView = z.infer<typeof sourceStatisticsSchema>

export const statisticsAnswer = z.object({ success, statistics: statisticsSchema })
