import { z } from 'zod'
import { formatDuration, type Duration } from '../core/duration.ts'
import { COMPRESSIONS } from '../core/ports/codec.ts'
import type { RetentionRules } from '../core/retention/rules.ts'
import type { SourcePolicy } from '../core/schedule/policy.ts'
import { TIERS } from '../core/tier.ts'
import type { SourceState } from '../engine/status/sources.ts'
import { instant, iso } from './common.ts'
import { presentState, sourceStatisticsSchema } from './statistics.ts'

const keep = z.union([z.int(), z.string()]).optional()

const retentionSchema = z.object({
  last: z.int().optional(),
  hourly: keep,
  daily: keep,
  weekly: keep,
  monthly: keep,
  yearly: keep,
  within: z.string().optional(),
  minBackups: z.int()
}).meta({ id: 'RetentionRules', description: 'A number of periods, or a duration such as `90d`.' })

export const sourceSchema = z.object({
  name: z.string(),
  kind: z.string(),
  location: z.string(),
  isDefault: z.boolean(),
  state: z.enum(['ok', 'busy', 'failing', 'never']),
  policy: z.object({
    enabled: z.boolean().meta({ description: 'Whether automatic backups are on.' }),
    interval: z.int().nullable().meta({ description: 'Milliseconds; null: only the schedule applies.' }),
    schedule: z.object({
      rules: z.array(z.object({
        name: z.string(),
        tier: z.enum(TIERS).nullable(),
        pattern: z.string(),
        method: z.enum(['full', 'incremental']).meta({ description: 'The method of its backups.' })
      })),
      timeZone: z.string()
    }).nullable().meta({ description: 'Runs at set times, as cron patterns.' }),
    maxBackups: z.int().nullable().meta({ description: 'null: only the retention rules decide.' }),
    retention: retentionSchema.nullable(),
    compression: z.enum(COMPRESSIONS),
    verify: z.boolean(),
    drillSchedule: z.string().nullable().meta({
      description: 'Cron pattern in UTC of the drills; null: only on request.'
    }),
    stores: z.array(z.string()).nullable().meta({
      description: 'The stores for copies; null: every configured store.'
    }),
    keepLocal: z.boolean().meta({ description: 'false: the local file is removed when every copy is stored.' }),
    anomalyGuard: z.boolean().meta({
      description: 'Whether a backup that differs too much from the previous ones is marked as suspect.'
    }),
    maxChainLength: z.int().positive().meta({
      description: 'Maximum number of backups in a chain, including the full one; after that, a full backup is made.'
    }),
    maxChainAge: z.int().positive().meta({
      description: 'Maximum age of a chain in milliseconds after its full backup.'
    }),
    coveredBy: z.string().nullable().meta({
      description: 'The set whose backups contain this source, if it has no schedule of its own.'
    })
  }),
  nextRun: instant.nullable(),
  statistics: sourceStatisticsSchema
}).meta({ id: 'Source' })

export type SourceView = z.infer<typeof sourceSchema>

export function presentSource (state: SourceState, now: Date): SourceView {
  return {
    name: state.name,
    kind: state.kind,
    location: state.location,
    isDefault: state.isDefault,
    state: state.state,
    policy: presentPolicy(state.policy),
    nextRun: iso(state.nextRun),
    statistics: presentState(state, now)
  }
}

function presentPolicy ({ schedule, retention, stores, ...policy }: SourcePolicy): SourceView['policy'] {
  return {
    ...policy,
    stores: stores === null ? null : [...stores],
    schedule: schedule === null
      ? null
      : {
        rules: schedule.rules.map(rule => ({ ...rule, method: rule.method ?? 'full' })),
        timeZone: schedule.timeZone
      },
    retention: retention === null ? null : presentRules(retention)
  }
}

function presentRules (rules: RetentionRules): z.infer<typeof retentionSchema> {
  const shown = Object.entries(rules).map(
    ([name, rule]: [string, number | Duration]) => [name, typeof rule === 'number' ? rule : formatDuration(rule)]
  )
  return Object.fromEntries(shown) as z.infer<typeof retentionSchema>
}
