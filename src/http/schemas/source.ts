import { z } from 'zod'
import { COMPRESSIONS } from '../../core/stage.ts'
import { instant, sourceName, success } from './common.ts'
import { sourceStatisticsSchema } from './statistics.ts'

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

export const sourceParams = z.strictObject({ name: sourceName })
export const sourceListAnswer = z.object({ success, sources: z.array(sourceSchema) })
export const sourceAnswer = z.object({ success, source: sourceSchema })
