import { z } from 'zod'
import { ASSERTION_STATUSES } from '../core/restore/drill.ts'
import type { Restore } from '../core/restore/restore.ts'
import { bytes, count, instant } from './common.ts'
import { presentRestore, restoreSchema } from './restore.ts'
import { checkSchema } from './verification.ts'

const assertionSchema = z.object({
  name: z.string(),
  status: z.enum(ASSERTION_STATUSES).meta({ description: '`inconclusive`: the assertion could not be evaluated.' }),
  found: z.union([z.number(), z.string()]).nullable().meta({
    description: 'The value returned by its query; an integer beyond 2^53 as a string of digits.'
  }),
  bound: z.string().meta({ description: 'As text: `at least 1`.' }),
  reason: z.string().nullable()
})

/** What a drill found. */
export const drillReportSchema = z.object({
  backup: z.object({
    fileName: z.string(),
    startedAt: instant,
    checksum: z.string().meta({ description: 'SHA-256 of the stored bytes, in hex.' }),
    imageChecksum: z.string().meta({ description: 'SHA-256 of the image, in hex.' }),
    size: bytes,
    compression: z.string()
  }),
  chosen: z.string().meta({ description: 'Reason for the choice of this backup.' }),
  checks: z.array(checkSchema),
  assertions: z.array(assertionSchema),
  duration: count.meta({ description: 'Total duration in milliseconds.' })
}).meta({ id: 'DrillReport' })

/** A restore or a drill with everything that is known of it. */
export const drillSchema = restoreSchema.extend({
  report: drillReportSchema.nullable().meta({ description: 'Only of a finished drill.' })
}).meta({ id: 'Drill' })

export type DrillView = z.infer<typeof drillSchema>

export function presentDrill (drill: Restore): DrillView {
  const { report } = drill
  return {
    ...presentRestore(drill),
    report: report === null
      ? null
      : {
        ...report,
        checks: report.checks.map(check => ({ ...check })),
        assertions: report.assertions.map(result => ({ ...result }))
      }
  }
}

/** The sentence for people. */
export function drillMessage ({ backupId, source, status, restoreTime, errorMessage }: Restore): string {
  if (status === 'passed') {
    return `Backup ${backupId} of "${source}" was restored and verified in ${((restoreTime ?? 0) / 1000).toFixed(1)} s`
  }
  return `${status === 'failed' ? 'The drill failed' : 'The drill is inconclusive'}: ${
    errorMessage ?? 'no reason given'
  }`
}
