import { z } from 'zod'
import { COMPRESSIONS } from '../core/stage.ts'
import type { SourceState } from '../engine/engine.ts'
import { instant, iso } from './common.ts'
import { presentState, sourceStatisticsSchema } from './statistics.ts'

export const sourceSchema = z.object({
  name: z.string(),
  kind: z.string(),
  location: z.string(),
  isDefault: z.boolean(),
  state: z.enum(['ok', 'busy', 'failing', 'never']),
  policy: z.object({
    enabled: z.boolean().meta({ description: 'Whether backups are made on the interval.' }),
    interval: z.int().meta({ description: 'Milliseconds.' }),
    maxBackups: z.int(),
    compression: z.enum(COMPRESSIONS),
    verify: z.boolean()
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
    policy: { ...state.policy },
    nextRun: iso(state.nextRun),
    statistics: presentState(state, now)
  }
}
