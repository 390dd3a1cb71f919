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
}).meta({ id: 'RetentionRules', description: 'A number of periods, or how long, such as `90d`.' })

export const sourceSchema = z.object({
  name: z.string(),
  kind: z.string(),
  location: z.string(),
  isDefault: z.boolean(),
  state: z.enum(['ok', 'busy', 'failing', 'never']),
  policy: z.object({
    enabled: z.boolean().meta({ description: 'Whether backups are made on the interval.' }),
    interval: z.int().nullable().meta({ description: 'Milliseconds; null: only the calendar says when.' }),
    schedule: z.object({
      rules: z.array(z.object({
        name: z.string(),
        tier: z.enum(TIERS).nullable(),
        pattern: z.string(),
        method: z.enum(['full', 'incremental']).meta({ description: 'How its backups are made.' })
      })),
      timeZone: z.string()
    }).nullable().meta({ description: 'Runs at set times, as cron patterns.' }),
    maxBackups: z.int().nullable().meta({ description: 'null: only the retention rules decide.' }),
    retention: retentionSchema.nullable(),
    compression: z.enum(COMPRESSIONS),
    verify: z.boolean(),
    drillSchedule: z.string().nullable().meta({
      description:
        'When a backup is restored into scratch space to see that it can be, as a cron pattern in UTC; null: only when asked for.'
    }),
    stores: z.array(z.string()).nullable().meta({
      description: 'Where backups are copied to; null: to every store that is configured.'
    }),
    keepLocal: z.boolean().meta({ description: 'false: the file on this disk goes once every copy is stored.' }),
    anomalyGuard: z.boolean().meta({
      description: 'Whether a backup that is not like those before it is marked as suspect.'
    }),
    maxChainLength: z.int().positive().meta({
      description: 'Backups in one chain at most, the full one included; then a full backup is made.'
    }),
    maxChainAge: z.int().positive().meta({
      description: 'Milliseconds after its full backup for which a chain is continued at most.'
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
