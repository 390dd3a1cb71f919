import { z } from 'zod'
import type { Restore } from '../core/restore/restore.ts'
import type { EvidenceOfDrills } from '../engine/status/drill-evidence.ts'
import { count, instant } from './common.ts'
import { drillSchema, presentDrill } from './drill.ts'
import { presentState, sourceStatisticsSchema } from './statistics.ts'

const countsSchema = z.object({ drills: count, passed: count, failed: count, inconclusive: count, running: count })

const seconds = z.number().nonnegative().nullable()

/** What was drilled in a span of time, and how each source stands: the report for auditors. */
export const evidenceSchema = z.object({
  madeAt: instant,
  since: instant,
  until: instant,
  total: countsSchema,
  sources: z.array(countsSchema.extend({
    source: z.string(),
    backups: count.meta({ description: 'Number of different backups with a drill.' }),
    oldest: instant.nullable().meta({ description: 'Start time of the oldest backup with a drill.' }),
    newest: instant.nullable().meta({ description: 'Start time of the newest backup with a drill.' }),
    slowestRestoreSeconds: seconds,
    usualRestoreSeconds: seconds.meta({ description: 'The median.' }),
    now: sourceStatisticsSchema.nullable().meta({ description: 'null: the source is no longer configured.' })
  })),
  drills: z.array(drillSchema.extend({
    backupAgeSeconds: count.nullable().meta({ description: 'Age of the backup at the time of the drill.' })
  }))
}).meta({ id: 'DrillEvidence' })

export type EvidenceView = z.infer<typeof evidenceSchema>

export function presentEvidence ({ madeAt, since, until, states, drills }: EvidenceOfDrills): EvidenceView {
  const names = [...new Set([...states.map(({ name }) => name), ...drills.map(({ source }) => source)])]
  return {
    madeAt: madeAt.toISOString(),
    since: since.toISOString(),
    until: until.toISOString(),
    total: countsOf(drills),
    sources: names.map(source => {
      const state = states.find(({ name }) => name === source)
      return {
        source,
        ...figuresOf(drills.filter(drill => drill.source === source)),
        now: state === undefined ? null : presentState(state, madeAt)
      }
    }),
    drills: drills.map(drill => ({ ...presentDrill(drill), backupAgeSeconds: ageOf(drill) }))
  }
}

function countsOf (drills: readonly Restore[]): z.infer<typeof countsSchema> {
  const of = (wanted: Restore['status']): number => drills.filter(({ status }) => status === wanted).length
  return {
    drills: drills.length,
    passed: of('passed'),
    failed: of('failed'),
    inconclusive: of('inconclusive'),
    running: of('running')
  }
}

function figuresOf (drills: readonly Restore[]): Omit<EvidenceView['sources'][number], 'source' | 'now'> {
  const begun = drills.flatMap(({ report }) => report?.backup.startedAt ?? []).toSorted()
  const times = drills.flatMap(({ restoreTime }) => restoreTime ?? []).toSorted((one, other) => one - other)
  const inSeconds = (ms: number | undefined): number | null => ms === undefined ? null : ms / 1000
  return {
    ...countsOf(drills),
    backups: new Set(drills.map(({ backupId }) => backupId)).size,
    oldest: begun[0] ?? null,
    newest: begun.at(-1) ?? null,
    slowestRestoreSeconds: inSeconds(times.at(-1)),
    usualRestoreSeconds: inSeconds(times[Math.floor((times.length - 1) / 2)])
  }
}

function ageOf ({ report, startedAt }: Restore): number | null {
  if (report === null) return null
  return Math.max(0, Math.floor((startedAt.getTime() - Date.parse(report.backup.startedAt)) / 1000))
}
